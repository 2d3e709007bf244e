import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../src/client/client.js';
import type { GradientsMessage, VisitRequest } from '../../src/link/messages.js';
import { decodeWeights } from '../../src/models/weights.js';
import { smallSplit } from './small_training.js';
import { randomTensor } from './tensors.js';

/** A visit of two batches of one pass, from step 10 on. */
export function visitOf(change: Partial<VisitRequest> = {}): VisitRequest {
  return {
    generation: 3,
    step: 10,
    round: 0,
    firstPass: 0,
    numPasses: 1,
    firstBatch: 0,
    numSteps: 2,
    isOptimizerFresh: false,
    ...change,
  };
}

/** Gradients at the cut of a small training, by step; the next step follows unless it says otherwise. */
export function gradientsOf(step: number, rows: number, change: object = {}): GradientsMessage {
  const { data } = randomTensor([rows, 32], step);
  const dz = { shape: [rows, 32], dtype: 'float32', data: data.buffer } as const;
  return { generation: 3, step, dz, nextStep: step + 1, ...change };
}

/** Of the last batch of a visit. */
export const last = { nextStep: null };

/** The weights of a client's head in a small training. */
export async function headOf(client: Client): Promise<Float32Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'client-test-'));
  try {
    const path = join(folder, 'head.safetensors');
    await client.saveHead({ paths: [path] });
    return decodeWeights(smallSplit.head.layers, await readFile(path), path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
