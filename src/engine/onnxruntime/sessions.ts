import ort from 'onnxruntime-node';
import type { ComputeOptions } from '../engine.js';
import type { ExtractedModel } from './graph.js';

/** The one device of this engine. */
export const CPU = 'cpu';

/** Threads beside the run's own sleep when they have nothing to do: the other side, or another program, needs their core. */
const sleepWhenIdle = { session: { intra_op: { allow_spinning: '0' } } };

/** One thread a session unless more are asked for: worker threads are the parallelism, and the order of every sum stays the same. */
export function createSession(
  { bytes }: ExtractedModel,
  { intraOpThreads }: ComputeOptions,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: [CPU],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: intraOpThreads,
    ...(intraOpThreads > 1 && { extra: sleepWhenIdle }),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
