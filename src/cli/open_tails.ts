import { fileURLToPath } from 'node:url';
import { freshState, type Engine } from '../engine/engine.js';
import type { EngineName } from '../engine/registry.js';
import { AveragedTails } from '../server/tails/averaged_tails.js';
import { noTails } from '../server/tails/no_tails.js';
import { OneTail } from '../server/tails/one_tail.js';
import { startTailPool } from '../server/tails/tail_pool.js';
import type { Tails } from '../server/tails/tails.js';
import type { ServerOptions } from './cluster.js';
import { middleSpec, tailSpec } from './segment_specs.js';

export interface OpenTails {
  readonly tails: Tails;
  close(): Promise<void>;
}

/** What the server trains, compiled: here, or a tail a client on threads of its own. */
export async function openTails(
  options: ServerOptions,
  { name, engine, device, threadDevices }: TailPlaces,
): Promise<OpenTails> {
  const { scheme, split, tailOptimizer, tailWeights, splitfedOptimizer, callTimeoutMs, compute } = options;
  if (scheme.tails === 'none') return { tails: noTails, close: () => Promise.resolve() };
  const specOn = (place: string) => {
    const on = { device: place, ...compute };
    return split.back ? middleSpec(split.tail, tailOptimizer, on) : tailSpec(split.tail, tailOptimizer, on);
  };
  const program = await engine.compile(specOn(device));
  const state = freshState(program.spec, tailWeights);
  if (scheme.tails === 'one') return { tails: new OneTail(program, state), close: () => program.dispose() };
  const threadFile = fileURLToPath(new URL('../server/tails/tail_thread.js', import.meta.url));
  try {
    const pool = await startTailPool(
      (thread) => ({
        engine: name,
        spec: specOn(options.tailDevice === 'auto' ? threadDevices[thread] : device),
      }),
      { numThreads: threadDevices.length, threadFile, callTimeoutMs },
    );
    const close = async () => {
      await pool.close();
      await program.dispose();
    };
    return { tails: new AveragedTails(program, state, pool, splitfedOptimizer), close };
  } catch (error) {
    await program.dispose();
    throw error;
  }
}

export interface TailPlaces {
  readonly name: EngineName;
  readonly engine: Engine;
  readonly device: string;
  readonly threadDevices: readonly string[];
}
