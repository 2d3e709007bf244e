import type { Program, SegmentSpec } from '../../engine.js';
import { Lanes, type LaneOptions } from './lanes.js';
import { MicroBatchSegment } from './segment.js';

/** Compiles a part whose batches are trained in `spec.microBatches` parts, in this thread and others. */
export async function compileMicroBatches(spec: SegmentSpec, options?: LaneOptions): Promise<Program> {
  const lanes = await Lanes.open(spec, options);
  let numSegments = 0;
  return {
    spec,
    createSegment: (state) => new MicroBatchSegment(spec, lanes, state, numSegments++),
    dispose: () => lanes.close(),
  };
}
