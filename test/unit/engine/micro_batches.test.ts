import { expect } from 'chai';
import type { Engine, Segment } from '../../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { LocalLane, type Key, type Lane } from '../../../src/engine/onnxruntime/micro_batches/lane.js';
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
const everywhere: LaneOptions = { maxLanes: 2, minFlop: 0, openLane: openThreadLane };

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
  const oneThread = compilerIn(4, { ...everywhere, maxLanes: 1 });
  const threeThreads = compilerIn(4, { ...everywhere, maxLanes: 3 });

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

  it('with a loss come to the same bits on one thread and on three', async () => {
    const asked = { hasLoss: true, optimizer: adam };
    const tails = [oneThread, threeThreads].map(async (compile) => startSegment(await compile(tail, asked)));
    const [one, three] = await Promise.all(tails);
    const [ofOne, ofThree] = [await trainTail(one, sizes), await trainTail(three, sizes)];
    ofOne.forEach(({ logits_BK, dx_BI }, step) => {
      expectSameBits(ofThree[step].logits_BK.data, logits_BK.data, `logits of step ${step}`);
      expectSameBits(
        ofThree[step].dx_BI?.data ?? new Float32Array(),
        dx_BI?.data ?? new Float32Array(1),
        'dx',
      );
    });
    expectSameState(three.exportState(), one.exportState());
  });

  it('that are too small start no thread', async () => {
    const options: LaneOptions = {
      maxLanes: 3,
      minFlop: Infinity,
      openLane: () => Promise.reject(new Error('a lane was opened')),
    };
    const program = await compileMicroBatches({ ...(await oneThread(head)).spec, microBatches: 4 }, options);
    await trainHead(startSegment(program), sizes);
    await program.dispose();
  });

  it('fail where a thread does not start, which closes the others', async () => {
    const { spec } = await oneThread(head);
    let numOpened = 0;
    let numClosed = 0;
    const program = await compileMicroBatches(spec, {
      maxLanes: 3,
      minFlop: 0,
      async openLane() {
        if (numOpened++ > 0) throw new Error('no more memory');
        const lane = await LocalLane.open(spec);
        const close = async () => {
          await lane.close();
          numClosed++;
        };
        return { ...watched(lane), close };
      },
    });
    const error = await reasonOf(trainHead(startSegment(program), [8]));
    expect(error.message).to.equal('no more memory');
    expect(numClosed).to.equal(1);
    await program.dispose();
  });

  it('leave nothing behind of a batch that got no backward run', async () => {
    const { spec } = await oneThread(head);
    const kept = new Set<string>();
    const program = await compileMicroBatches(spec, {
      maxLanes: 2,
      minFlop: 0,
      openLane: async () => watched(await LocalLane.open(spec), kept),
    });
    const segment = startSegment(program);
    await segment.forward(randomTensor([7, ...head.inputShape], 0));
    expect(kept.size).to.equal(2);
    await trainHead(segment, [8]);
    await segment.forward(randomTensor([6, ...head.inputShape], 0));
    const withMoreRows = segment.backward(randomTensor([8, ...head.outputShape], 0));
    expect((await reasonOf(withMoreRows)).message).to.equal('The gradient has 8 rows, and the batch 6.');
    segment.dispose();
    // What is dropped is not waited for.
    await new Promise((resolve) => setImmediate(resolve));
    expect([...kept]).to.deep.equal([]);
    await program.dispose();
  });

  it('reject what was and what is asked of a thread that has ended', async () => {
    const lane = await openThreadLane((await oneThread(head)).spec);
    const pending = reasonOf(lane.drop([]));
    await lane.close();
    const later = reasonOf(lane.forward(new Float32Array(3), []));
    for (const error of [await pending, await later])
      expect(error.message).to.equal('A thread that computes micro-batches has ended.');
  });

  it('fail with what a thread threw', async () => {
    const lane = await openThreadLane((await oneThread(head)).spec);
    const backward = lane.backward([{ segment: 0, part: { firstRow: 0, numRows: 1 } }]);
    expect((await reasonOf(backward)).message).to.equal('A backward run needs a forward run before it.');
    await lane.close();
  });
});

/** Does as the lane does, and knows what it keeps. */
function watched(lane: Lane, kept = new Set<string>()): Lane {
  const nameOf = ({ segment, part }: Key) => `${segment}/${part.firstRow}`;
  return {
    infer: (weights_P, parts) => lane.infer(weights_P, parts),
    forward(weights_P, parts) {
      for (const part of parts) kept.add(nameOf(part));
      return lane.forward(weights_P, parts);
    },
    backward(parts) {
      for (const part of parts) kept.delete(nameOf(part));
      return lane.backward(parts);
    },
    drop(keys) {
      for (const key of keys) kept.delete(nameOf(key));
      return lane.drop(keys);
    },
    close: () => lane.close(),
  };
}

async function reasonOf(work: Promise<unknown>): Promise<Error> {
  const reason: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof Error) return reason;
  throw new Error('Nothing was rejected.');
}
