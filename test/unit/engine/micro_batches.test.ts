import { expect } from 'chai';
import type { Engine, Segment } from '../../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { LaneOptions } from '../../../src/engine/onnxruntime/micro_batches/lanes.js';
import { partsOf } from '../../../src/engine/onnxruntime/micro_batches/parts.js';
import { compileMicroBatches } from '../../../src/engine/onnxruntime/micro_batches/program.js';
import { openThreadLane } from '../../../src/engine/onnxruntime/micro_batches/thread_lane.js';
import { conv2d, dense, flatten, maxPool2d, relu } from '../../../src/models/layers.js';
import { describeEngine } from '../../contract/engine_suite.js';
import {
  adam,
  compilerOf,
  expectSameState,
  partOf,
  startSegment,
  trainOn,
  trainWith,
  type Compile,
} from '../../support/segments.js';
import { expectClose, expectSameBits, randomLabels, randomTensor } from '../../support/tensors.js';

/** Every part on another thread than the one before, whatever its size. */
const everywhere: LaneOptions = { maxLanes: 2, minFlop: 0 };

function inParts(microBatches: number, options: LaneOptions): Engine {
  return {
    ...onnxruntimeEngine,
    compile: async (spec) => {
      // For what any engine refuses.
      const whole = await onnxruntimeEngine.compile(spec);
      await whole.dispose();
      return await compileMicroBatches({ ...spec, microBatches }, options);
    },
  };
}

const compilerIn = (microBatches: number, options: LaneOptions): Compile =>
  compilerOf(() => Promise.resolve(inParts(microBatches, options)));

describeEngine('onnxruntime, three micro-batches on two threads', () =>
  Promise.resolve(inParts(3, everywhere)),
);

describe('micro-batches', () => {
  const head = partOf([conv2d('conv', 1, 4, 3), relu('relu'), maxPool2d('pool', 2)], [1, 12, 12]);
  const tail = partOf([flatten('flatten'), dense('fc', 100, 5)], [4, 5, 5]);
  const whole = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const oneThread = compilerIn(4, { maxLanes: 1, minFlop: 0 });
  const threeThreads = compilerIn(4, { maxLanes: 3, minFlop: 0 });

  async function trainHead(segment: Segment, sizes: readonly number[]) {
    const steps = [];
    for (const [step, numRows] of sizes.entries()) {
      const x = randomTensor([numRows, ...head.inputShape], step);
      steps.push(await trainWith(segment, x, randomTensor([numRows, ...head.outputShape], 50 + step)));
    }
    return steps;
  }

  async function trainTail(segment: Segment, sizes: readonly number[]) {
    const steps = [];
    for (const [step, numRows] of sizes.entries()) {
      const x = randomTensor([numRows, ...tail.inputShape], step);
      steps.push(await trainOn(segment, x, randomLabels(numRows, 5, 50 + step)));
    }
    return steps;
  }

  const sizes = [9, 4, 3, 1, 8];

  it('come to the same bits on one thread and on three, batches with fewer rows than parts included', async () => {
    const heads = [oneThread, threeThreads].map(async (compile) => startSegment(await compile(head)));
    const [one, three] = await Promise.all(heads);
    const [ofOne, ofThree] = [await trainHead(one, sizes), await trainHead(three, sizes)];
    ofOne.forEach(({ y, dx }, step) => {
      expectSameBits(ofThree[step].y.data, y.data, `y of step ${step}`);
      expectSameBits(ofThree[step].dx?.data ?? new Float32Array(), dx?.data ?? new Float32Array(1), 'dx');
    });
    expectSameState(three.exportState(), one.exportState());
  });

  it('come to what the whole batch does, up to rounding', async () => {
    const asked = { hasLoss: true, optimizer: adam };
    const [parts, plain] = await Promise.all([threeThreads(tail, asked), whole(tail, asked)]);
    const [inPieces, atOnce] = [startSegment(parts), startSegment(plain)];
    const [ofPieces, ofAll] = [await trainTail(inPieces, sizes), await trainTail(atOnce, sizes)];
    ofAll.forEach(({ logits_BK, dx_BI }, step) => {
      expectClose(ofPieces[step].logits_BK.data, logits_BK.data, 1e-5, 'logits');
      expectClose(ofPieces[step].dx_BI?.data ?? [], dx_BI?.data ?? [0], 1e-5, 'dx');
    });
    expectClose(inPieces.exportState().weights, atOnce.exportState().weights, 1e-4, 'weights');
  });

  it('divide the rows as evenly as can be, in order, and leave no part empty', () => {
    expect(partsOf(7, 3)).to.deep.equal([
      { firstRow: 0, numRows: 2 },
      { firstRow: 2, numRows: 2 },
      { firstRow: 4, numRows: 3 },
    ]);
    expect(partsOf(2, 3)).to.deep.equal([
      { firstRow: 0, numRows: 1 },
      { firstRow: 1, numRows: 1 },
    ]);
  });

  it('reject what is asked of a thread that has ended', async () => {
    const spec = (await oneThread(head)).spec;
    const lane = await openThreadLane(spec);
    const call = lane.drop([]).then(() => lane.forward(new Float32Array(3), []));
    await lane.close();
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).to.equal('A thread that computes micro-batches has ended.');
  });
});
