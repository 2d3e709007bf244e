import { numElements } from '../../src/core/shapes.js';
import {
  freshState,
  type Engine,
  type Segment,
  type SegmentState,
  plainCompute,
} from '../../src/engine/engine.js';
import { headSpec, tailSpec } from '../../src/cli/segment_specs.js';
import { initialWeights } from '../../src/models/init.js';
import { lenet } from '../../src/models/lenet.js';
import { splitNetwork } from '../../src/models/network.js';
import { adam } from './segments.js';
import { randomLabels, randomTensor } from './tensors.js';

const NUM_ROWS = 2;
const network = lenet({ picture: [1, 28, 28], numClasses: 10 });
const { head, tail } = splitNetwork(network, 'default');

/** A head of LeNet with Adam, from this state or fresh weights. */
export async function openHead(engine: Engine, device: string, state?: SegmentState): Promise<Segment> {
  const spec = headSpec(head, adam, { device, ...plainCompute });
  const program = await engine.compile(spec);
  return program.createSegment(state ?? freshState(spec, initialWeights(head.layers, 0)));
}

/** Steps of a head on rows and gradients that depend on the number of the step alone. */
export async function trainHead(segment: Segment, firstStep: number, numSteps: number): Promise<void> {
  for (let step = firstStep; step < firstStep + numSteps; step++) {
    await segment.forward(randomTensor([NUM_ROWS, ...head.inputShape], step));
    await segment.backward(randomTensor([NUM_ROWS, ...head.outputShape], -1 - step));
  }
}

/** Whole split steps, one after the other. */
export async function splitTrainer(engine: Engine): Promise<(numSteps: number) => Promise<void>> {
  const spec = tailSpec(tail, adam, { device: 'cpu', ...plainCompute });
  const top = (await engine.compile(spec)).createSegment(freshState(spec, initialWeights(tail.layers, 0)));
  const bottom = await openHead(engine, 'cpu');
  const x = randomTensor([NUM_ROWS, ...head.inputShape], 1);
  const labels = randomLabels(NUM_ROWS, 10, 2);
  return async (numSteps) => {
    for (let step = 0; step < numSteps; step++) {
      const z = await bottom.forward(x);
      const { dx_BI } = await top.lossGradient(z, labels);
      await top.update();
      if (dx_BI?.data.length !== NUM_ROWS * numElements(head.outputShape))
        throw new Error('No cut gradients.');
      await bottom.backward(dx_BI);
    }
  };
}
