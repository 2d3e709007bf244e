import ort from './ort.js';
import type { ComputeOptions } from '../engine.js';
import type { ExtractedModel } from './graph.js';

/** The one device of this engine. */
export const CPU = 'cpu';

/** Of the runs that every training step has. */
export type RunSessions = Readonly<Record<'infer' | 'forward' | 'backward', ort.InferenceSession>>;

export async function createRunSessions(
  models: Readonly<Record<keyof RunSessions, ExtractedModel>>,
  compute: ComputeOptions,
): Promise<RunSessions> {
  const [infer, forward, backward] = await Promise.all([
    createSession(models.infer, compute),
    createSession(models.forward, compute),
    createSession(models.backward, compute),
  ]);
  return { infer, forward, backward };
}

export async function releaseSessions(sessions: RunSessions): Promise<void> {
  await Promise.all(Object.values(sessions).map((session) => session.release()));
}

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
