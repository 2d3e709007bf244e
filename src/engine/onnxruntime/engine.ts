import { cpus, totalmem } from 'node:os';
import ort from './ort.js';
import { ConfigError } from '../../core/errors.js';
import type { Device, Engine, Program, SegmentSpec } from '../engine.js';
import { compileMicroBatches } from './micro_batches/program.js';
import { OrtSegment } from './segment.js';
import { CPU, createRunSessions, releaseSessions } from './sessions.js';
import { buildTrainingModels } from './training_graph.js';

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
    return spec.microBatches === 1 ? await compileWhole(spec) : await compileMicroBatches(spec);
  },
};

async function compileWhole(spec: SegmentSpec): Promise<Program> {
  const models = buildTrainingModels(spec);
  const sessions = await createRunSessions(models, spec);
  return {
    spec,
    createSegment: (state) => new OrtSegment(spec, models, sessions, state),
    dispose: () => releaseSessions(sessions),
  };
}
