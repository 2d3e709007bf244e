// Shape legend: B batch, C channels, H height, W width, F cut features
import type { Tensor } from '../core/shapes.js';
import { freshState, plainCompute, type Engine, type Program, type Segment } from '../engine/engine.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { initialWeights } from '../models/init.js';
import type { NetworkPart } from '../models/network.js';
import type { PlacedParts } from '../planner/placed_parts.js';
import type { MeasuredCut } from '../report/cut_table.js';

/** One batch, and what trains on it. */
export interface MeasureOptions {
  readonly engine: Engine;
  readonly x_BCHW: Tensor;
  readonly labels_B: Int32Array<ArrayBuffer>;
  readonly headOptimizer: OptimizerOptions;
  readonly tailOptimizer: OptimizerOptions;
  readonly seed: number;
}

const NUM_WARM_UPS = 2;
const NUM_STEPS = 7;

/** Medians over a few steps on one thread of this machine, on the engine's first device, after steps that are not counted. */
export async function measureCut(parts: PlacedParts, options: MeasureOptions): Promise<MeasuredCut> {
  const { engine, headOptimizer, tailOptimizer, seed } = options;
  const [{ name: device }] = await engine.listDevices();
  const programs: Program[] = [];
  const start = async (
    part: NetworkPart,
    optimizer: OptimizerOptions,
    hasLoss: boolean,
    isFirst: boolean,
  ) => {
    const groups = [{ numLayers: part.layers.length, optimizer }];
    const program = await engine.compile({
      part,
      hasLoss,
      needsInputGradient: !isFirst,
      groups,
      device,
      ...plainCompute,
    });
    programs.push(program);
    return program.createSegment(freshState(program.spec, initialWeights(part.layers, seed)));
  };
  try {
    const head = await start(parts.head, headOptimizer, false, true);
    const server = await start(parts.server, tailOptimizer, !parts.back, false);
    const back = parts.back && (await start(parts.back, tailOptimizer, true, false));
    const steps: MeasuredCut[] = [];
    for (let step = 0; step < NUM_WARM_UPS + NUM_STEPS; step++)
      steps.push(await timedStep(head, server, back, options));
    return medians(steps.slice(NUM_WARM_UPS));
  } finally {
    for (const program of programs) await program.dispose();
  }
}

/** Where a part has the loss, its gradient counts as forward, and the update as backward. */
async function timedStep(
  head: Segment,
  server: Segment,
  back: Segment | undefined,
  { x_BCHW, labels_B }: MeasureOptions,
): Promise<MeasuredCut> {
  const last = back ?? server;
  const [z_BF, headForwardMs] = await timed(() => head.forward(x_BCHW));
  const [lastInput, middleForwardMs] = back ? await timed(() => server.forward(z_BF)) : [z_BF, 0];
  const [{ dx_BI }, lossMs] = await timed(() => last.lossGradient(lastInput, labels_B));
  const [, updateMs] = await timed(() => last.update());
  const gradient = required(dx_BI);
  const [dz, middleBackwardMs] = back ? await timed(() => server.backward(gradient)) : [gradient, 0];
  const [, headBackwardMs] = await timed(() => head.backward(required(dz)));
  return back
    ? {
        clientForwardMs: headForwardMs + lossMs,
        clientBackwardMs: updateMs + headBackwardMs,
        serverForwardMs: middleForwardMs,
        serverBackwardMs: middleBackwardMs,
      }
    : {
        clientForwardMs: headForwardMs,
        clientBackwardMs: headBackwardMs,
        serverForwardMs: lossMs,
        serverBackwardMs: updateMs,
      };
}

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

function required(gradient: Tensor | undefined): Tensor {
  if (!gradient) throw new Error('A segment that was asked for the gradient of its input gave none.');
  return gradient;
}

function medians(steps: readonly MeasuredCut[]): MeasuredCut {
  const median = (pick: (step: MeasuredCut) => number) =>
    steps.map(pick).toSorted((a, b) => a - b)[Math.floor(steps.length / 2)];
  return {
    clientForwardMs: median((step) => step.clientForwardMs),
    clientBackwardMs: median((step) => step.clientBackwardMs),
    serverForwardMs: median((step) => step.serverForwardMs),
    serverBackwardMs: median((step) => step.serverBackwardMs),
  };
}
