import { expect } from 'chai';
import { NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { initialWeights } from '../../../src/models/init.js';
import { tally } from '../../../src/metrics/classification.js';
import type { ActivationsMessage } from '../../../src/link/messages.js';
import { dense } from '../../../src/models/layers.js';
import { Tail } from '../../../src/server/tail.js';
import { rejection } from '../../support/link_errors.js';
import { compilerOf, partOf, plainSgd, startState } from '../../support/segments.js';
import { expectSameBits } from '../../support/tensors.js';

/** Two features and two classes with weights 0: every logit is 0, and every probability 1/2. */
const part = partOf([dense('fc', 2, 2)], [2]);
const due = { generation: 1, step: 8 };

function message(change: Partial<ActivationsMessage> = {}): ActivationsMessage {
  const data = Float32Array.of(1, 2, 3, 4).buffer;
  const labels = Int32Array.of(0, 1).buffer;
  return { ...due, z: { shape: [2, 2], dtype: 'float32', data }, labels, ...change };
}

const frameOf = (shape: readonly number[], values: readonly number[]) => ({
  shape,
  dtype: 'float32' as const,
  data: Float32Array.from(values).buffer,
});

describe('Tail', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const open = async (weights = new Float32Array(6)) => {
    const program = await compile(part, { hasLoss: true, optimizer: plainSgd });
    return new Tail(program, startState(program, weights));
  };

  it('gives loss and cut gradients of a batch, and changes its weights only with update', async () => {
    // W = [[1, -1], [0, 0]], b = 0, z = [[1, 1]]: logits (0, 0), loss log 2.
    // dlogits = p - onehot = (1/2 - 1, 1/2) = (-1/2, 1/2); dz = dlogits W = (-1/2, 1/2).
    const tail = await open(Float32Array.of(1, -1, 0, 0, 0, 0));
    const z = { shape: [1, 2], dtype: 'float32', data: Float32Array.of(1, 1).buffer } as const;
    const { tally, dz_BF } = await tail.lossGradient(message({ z, labels: Int32Array.of(0).buffer }), due, 0);
    expect(tally.lossSum).to.be.closeTo(Math.log(2), 1e-12);
    expect(tally).to.deep.include({ rows: 1, numCorrect: 1 });
    expect(dz_BF.shape).to.deep.equal([1, 2]);
    expect([...dz_BF.data]).to.deep.equal([-0.5, 0.5]);
    expect([...(await tail.exportState()).weights]).to.deep.equal([1, -1, 0, 0, 0, 0]);
    // dW = dlogits^T z = [[-1/2, -1/2], [1/2, 1/2]], db = (-1/2, 1/2); lr is 1.
    await tail.update();
    expect([...(await tail.exportState()).weights]).to.deep.equal([1.5, -0.5, -0.5, -0.5, 0.5, -0.5]);
  });

  it('a test changes nothing, and spoils no batch under way', async () => {
    const [tail, untouched] = [await open(), await open()];
    await tail.lossGradient(message(), due, 0);
    await untouched.lossGradient(message(), due, 0);
    const { logits_NK, labels_N } = await tail.test(message(), due, 0);
    const { rows, lossSum } = tally(logits_NK, labels_N);
    expect(rows).to.equal(2);
    expect(lossSum).to.be.closeTo(2 * Math.log(2), 1e-12);
    await tail.update();
    await untouched.update();
    expect([...(await tail.exportState()).weights]).not.to.deep.equal([0, 0, 0, 0, 0, 0]);
    expectSameBits((await tail.exportState()).weights, (await untouched.exportState()).weights, 'the tail');
  });

  it('exports a copy', async () => {
    const tail = await open();
    (await tail.exportState()).weights.fill(9);
    expect([...(await tail.exportState()).weights]).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });

  const frame = (shape: readonly number[], length: number) => ({
    z: { shape, dtype: 'float32' as const, data: new ArrayBuffer(4 * length) },
  });
  const refusals = [
    ['another step', message({ step: 7 }), ProtocolError, 'ERR_NOT_DUE'],
    ['another generation', message({ generation: 0 }), ProtocolError, 'ERR_NOT_DUE'],
    ['another width', message(frame([2, 3], 6)), ShapeError, 'ERR_CUT_SHAPE'],
    ['another number of axes', message(frame([2, 2, 1], 4)), ShapeError, 'ERR_CUT_SHAPE'],
    ['another number of rows', message(frame([3, 2], 6)), ShapeError, 'ERR_LABEL'],
    ['too few bytes', message(frame([2, 2], 3)), ShapeError, 'ERR_CUT_SHAPE'],
    ['a label above the classes', message({ labels: Int32Array.of(0, 2).buffer }), ShapeError, 'ERR_LABEL'],
    ['no rows', message(frame([0, 2], 0)), ShapeError, 'ERR_CUT_SHAPE'],
    ['labels of 7 bytes', message({ labels: new ArrayBuffer(7) }), ShapeError, 'ERR_LABEL'],
    ['no labels', message({ labels: null }), ShapeError, 'ERR_LABEL'],
    ['a label below 0', message({ labels: Int32Array.of(-1, 0).buffer }), ShapeError, 'ERR_LABEL'],
  ] as const;
  for (const [what, wrong, ErrorType, code] of refusals) {
    it(`refuses ${what}, in training and in a test, and names the client`, async () => {
      const tail = await open(initialWeights(part.layers, 1));
      const before = (await tail.exportState()).weights;
      const inTraining = await rejection(tail.lossGradient(wrong, due, 6), ErrorType, code);
      const inTest = await rejection(tail.test(wrong, due, 6), ErrorType, code);
      expect(inTraining.message).to.match(/^Client 6 sent /);
      expect(inTest.message).to.equal(inTraining.message);
      expectSameBits((await tail.exportState()).weights, before, 'the tail');
    });
  }

  it('in the U shape gives its output, and the gradient of its input for that of its output, with one step', async () => {
    // y = z W^T + b with W = [[1, -1], [2, 0]], b = (0, 1) and z = (1, 3): y = (1 - 3, 2 + 1) = (-2, 3).
    const program = await compile(part, { hasLoss: false, optimizer: plainSgd });
    const tail = new Tail(program, startState(program, Float32Array.of(1, -1, 2, 0, 0, 1)));
    const up = { ...due, z: frameOf([1, 2], [1, 3]), labels: null };
    expect([...(await tail.infer(up, due, 0)).data]).to.deep.equal([-2, 3]);
    const again = { ...due, z: frameOf([1, 2], [1, 3]), labels: null };
    const y = await tail.forward(again, due, 0);
    expect([y.shape, [...y.data]]).to.deep.equal([
      [1, 2],
      [-2, 3],
    ]);
    // dy = (1, 1/2): dz = dy W = (1 + 1, -1) = (2, -1); dW = dy^T z = [[1, 3], [1/2, 3/2]], db = dy; lr is 1.
    const tally = { rows: 1, lossSum: 0.5, numCorrect: 1 };
    const dz = await tail.backward({ ...due, dz: frameOf([1, 2], [1, 0.5]), tally }, due, 0);
    expect([dz.shape, [...dz.data]]).to.deep.equal([
      [1, 2],
      [2, -1],
    ]);
    expect([...(await tail.exportState()).weights]).to.deep.equal([0, -4, 1.5, -1.5, -1, 0.5]);
  });

  it('in the U shape refuses gradients that are not due, or not of its output', async () => {
    const program = await compile(part, { hasLoss: false, optimizer: plainSgd });
    const tail = new Tail(program, startState(program));
    await tail.forward({ ...due, z: frameOf([1, 2], [1, 3]), labels: null }, due, 6);
    const before = (await tail.exportState()).weights;
    const good = { ...due, dz: frameOf([1, 2], [1, 1]), tally: { rows: 1, lossSum: 0, numCorrect: 0 } };
    const early = await rejection(tail.backward({ ...good, step: 7 }, due, 6), ProtocolError, 'ERR_NOT_DUE');
    expect(early.message).to.match(/^Client 6 sent step 7 /);
    const wide = { ...good, dz: frameOf([1, 3], [1, 1, 1]) };
    await rejection(tail.backward(wide, due, 6), ShapeError, 'ERR_CUT_SHAPE');
    expectSameBits((await tail.exportState()).weights, before, 'the tail');
  });

  it('refuses a loss that is not finite', async () => {
    const tail = await open(Float32Array.of(1, 1, 1, 1, 0, 0));
    const z = { ...message().z, data: Float32Array.of(1, NaN, 0, 0).buffer };
    await rejection(tail.lossGradient(message({ z }), due, 0), NumericError, 'ERR_NOT_FINITE');
  });
});
