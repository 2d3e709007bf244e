import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { largestDifference, largestRelativeDifference } from '../../src/cli/proof.js';
import { decodeSafetensors } from '../../src/core/safetensors.js';
import { watchPorts } from '../support/cluster_port_watch.js';
import { removeRuns, trainHere, type ProcessRun } from '../support/run_in_process.js';

/** 21 batches a round. */
const RUN = { n_workers: 3, n_threads: 2, n_epochs: 3, batch_size: 16, max_samples: 300 };
const plainSgd = {
  head: { name: 'sgd', lr: 0.05, momentum: 0, weight_decay: 0 },
  tail: { name: 'sgd', lr: 0.05, momentum: 0, weight_decay: 0 },
};

const losses = ({ events }: ProcessRun) =>
  events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));

describe('schemes among each other', () => {
  after(removeRuns);

  for (const mode of ['sequential', 'splitfed_v1'] as const) {
    it(`${mode}, U-shaped, has the losses of sharing labels, over 50 steps and more`, async () => {
      const shared = losses(await trainHere({ ...RUN, mode }));
      const uShaped = losses(await trainHere({ ...RUN, mode, u_shaped: true }));
      expect(shared.length).to.be.above(50);
      expect(largestRelativeDifference(uShaped, shared)).to.be.below(1e-6);
    });
  }

  it('one local step of SplitFed v1 on equal shards is one step of the unsplit model on all rows', async () => {
    const one = { n_workers: 4, n_epochs: 1, max_samples: 64, optimizer: plainSgd };
    const federated = await trainHere({ ...one, mode: 'splitfed_v1', batch_size: 16 });
    const central = await trainHere({ ...one, mode: 'central', batch_size: 64 });
    expect([federated.summary?.steps, central.summary?.steps]).to.deep.equal([4, 1]);
    for (const half of ['head', 'tail']) {
      const [some, others] = [federated, central].map(({ directory }) => weightsIn(directory, half));
      expect([...some.keys()]).to.deep.equal([...others.keys()]);
      for (const [name, weights] of some)
        expect(largestDifference(weights, others.get(name) ?? []), name).to.be.below(1e-6);
    }
  });
});

describe('the server of a U-shaped run', () => {
  after(removeRuns);

  /** What crosses the cuts of lenet, a row: after pool2 and before fc3. */
  const CUT_SHAPES = ['16,5,5', '84'];

  /** Everything that comes to the server while it trains and tests. */
  const watched = async (options: object) => {
    const watch = watchPorts();
    try {
      const run = await trainHere({ ...RUN, n_epochs: 1, forgetting_samples: 40, ...options });
      expect(run.error).to.equal(undefined);
      const objects = watch.messages.flatMap(objectsIn);
      const labels = objects.filter((object) => 'labels' in object).map((object) => object.labels);
      /** Those that hold a buffer, and what it is. */
      const frames = objects.filter((object) => Object.values(object).some(isBytes));
      return { labels, frames };
    } finally {
      watch.stop();
    }
  };

  for (const mode of ['sequential', 'parallel', 'splitfed_v1', 'splitfed_v2'] as const) {
    it(`${mode}: is sent neither labels nor answers, but what crosses the cuts, and finished numbers`, async () => {
      const { labels, frames } = await watched({ mode, u_shaped: true });
      expect(labels.length).to.be.above(20);
      expect(labels.every((each) => each === null)).to.equal(true);
      const shapes = new Set(frames.map(({ shape }) => (shape as number[] | undefined)?.slice(1).join()));
      // SplitFed v1: a thread of the server tells it the state of a tail, which is no frame of a client.
      if (mode === 'splitfed_v1') shapes.delete(undefined);
      expect([...shapes].sort()).to.deep.equal(CUT_SHAPES);
    });
  }

  it('would be caught: where labels are shared the same watch sees them', async () => {
    const { labels, frames } = await watched({ mode: 'parallel' });
    expect(labels.filter(isBytes)).to.have.length.above(20);
    expect(frames.some(({ shape }) => shape === undefined)).to.equal(true);
  });
});

function weightsIn(directory: string, half: string): ReadonlyMap<string, Float32Array> {
  const path = join(directory, 'model', `${half}.safetensors`);
  const tensors = [...decodeSafetensors(readFileSync(path), path)];
  return new Map(tensors.map(([name, { data }]) => [name, data as Float32Array]));
}

/** Every plain object inside a message, itself included. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(objectsIn)];
}

function isBytes(value: unknown): boolean {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}
