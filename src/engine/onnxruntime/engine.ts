import { cpus, totalmem } from 'node:os';
import ort from 'onnxruntime-node';
import { ConfigError } from '../../core/errors.js';
import type { Device, Engine, Program, Place, SegmentSpec } from '../engine.js';
import type { ExtractedModel } from './graph.js';
import { OrtSegment } from './segment.js';
import { buildTrainingModels } from './training_graph.js';

const CPU = 'cpu';

/** Training on any CPU: forward, backward and optimiser step compiled to ONNX graphs that onnxruntime runs. */
export const onnxruntimeEngine: Engine = {
  name: 'onnxruntime',
  version: ort.env.versions.node ?? ort.env.versions.common,

  listDevices(): Promise<readonly Device[]> {
    const description = cpus()[0]?.model.trim() ?? 'processor';
    return Promise.resolve([{ name: CPU, description, memoryBytes: totalmem() }]);
  },

  async compile(spec: SegmentSpec): Promise<Program> {
    if (spec.device !== CPU) {
      throw new ConfigError(
        'ERR_DEVICE',
        `Engine "onnxruntime" has no device "${spec.device}": it runs on "${CPU}". Set \`devices\` to "${CPU}" or "auto".`,
        { device: spec.device },
      );
    }
    const models = buildTrainingModels(spec);
    const [infer, forward, backward] = await Promise.all([
      createSession(models.infer, spec),
      createSession(models.forward, spec),
      createSession(models.backward, spec),
    ]);
    const sessions = { infer, forward, backward };
    return {
      spec,
      createSegment: (state) => new OrtSegment(spec, models, sessions, state),
      dispose: async () => {
        await Promise.all(Object.values(sessions).map((session) => session.release()));
      },
    };
  },
};

/** Threads beside the run's own sleep when they have nothing to do: the other side, or another program, needs their core. */
const sleepWhenIdle = { session: { intra_op: { allow_spinning: '0' } } };

/** One thread a session unless more are asked for: worker threads are the parallelism, and the order of every sum stays the same. */
function createSession({ bytes }: ExtractedModel, { intraOpThreads }: Place): Promise<ort.InferenceSession> {
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
