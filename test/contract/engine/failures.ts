import { expect } from 'chai';
import { ConfigError, NumericError } from '../../../src/core/errors.js';
import type { Tensor } from '../../../src/core/shapes.js';
import { type Engine, plainCompute } from '../../../src/engine/engine.js';
import { conv2d, dense, flatten, maxPool2d, relu } from '../../../src/models/layers.js';
import {
  adam,
  expectSameState,
  partOf,
  plainSgd,
  sgd,
  startSegment,
  trainOn,
  trainWith,
  type Compile,
} from '../../support/segments.js';
import { randomLabels, randomTensor, tensorOf } from '../../support/tensors.js';

const NUM_ROWS = 2;
const head = partOf([conv2d('conv', 1, 2, 3), relu('relu'), maxPool2d('pool', 2)], [1, 8, 8]);
const tail = partOf([flatten('flatten'), dense('fc1', 18, 6), relu('relu'), dense('fc2', 6, 4)], [2, 3, 3]);

const x = (step: number) => randomTensor([NUM_ROWS, ...head.inputShape], 10 + step);
const dz = (step: number) => randomTensor([NUM_ROWS, ...head.outputShape], 20 + step);
const labels = (step: number) => randomLabels(NUM_ROWS, 4, 30 + step);

/** The same tensor with one bad entry, in the middle of the last row. */
function spoilt({ shape, data }: Tensor, value: number): Tensor {
  return { shape, data: data.with(Math.floor(data.length * 0.75), value) };
}

/** A step that went wrong never happened. */
export function describeFailures(compile: Compile, load: () => Promise<Engine>): void {
  describe('numbers that are not finite', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      it(`${bad} in the input: backward refuses the step, and training goes on`, async () => {
        const compiled = await compile(head, { optimizer: adam });
        const [segment, untouched] = [startSegment(compiled), startSegment(compiled)];
        for (const one of [segment, untouched]) await trainWith(one, x(1), dz(1));
        await segment.forward(spoilt(x(2), bad));
        await expectNotFinite(segment.backward(dz(2)));
        expectSameState(segment.exportState(), untouched.exportState());
        for (const one of [segment, untouched]) await trainWith(one, x(3), dz(3));
        expectSameState(segment.exportState(), untouched.exportState());
      });

      it(`${bad} in the output's gradient: backward refuses the step`, async () => {
        const conv = partOf(head.layers.slice(0, 1), head.inputShape);
        const segment = startSegment(await compile(conv, { optimizer: sgd }));
        const before = segment.exportState();
        const y = await segment.forward(x(1));
        await expectNotFinite(segment.backward(spoilt(y, bad)));
        expectSameState(segment.exportState(), before);
      });

      it(`${bad} in the activations: lossGradient gives no gradient, and training goes on`, async () => {
        const compiled = await compile(tail, { hasLoss: true, optimizer: adam });
        const [segment, untouched] = [startSegment(compiled), startSegment(compiled)];
        for (const one of [segment, untouched]) await trainOn(one, dz(1), labels(1));
        await expectNotFinite(segment.lossGradient(spoilt(dz(2), bad), labels(2)));
        expectSameState(segment.exportState(), untouched.exportState());
        for (const one of [segment, untouched]) await trainOn(one, dz(3), labels(3));
        expectSameState(segment.exportState(), untouched.exportState());
      });

      it(`${bad} in the input of a whole network: update refuses the step`, async () => {
        const compiled = await compile(tail, { hasLoss: true, needsInputGradient: false });
        const segment = startSegment(compiled);
        const before = segment.exportState();
        await segment.lossGradient(spoilt(dz(1), bad), labels(1));
        await expectNotFinite(segment.update());
        expectSameState(segment.exportState(), before);
      });
    }

    it('a step that carries a weight past the largest float is refused', async () => {
      const part = partOf([dense('fc', 1, 1)], [1]);
      const segment = startSegment(
        await compile(part, { optimizer: { ...plainSgd, lr: 1e3 } }),
        Float32Array.of(1, 0),
      );
      await segment.forward(tensorOf([1, 1], [1]));
      await expectNotFinite(segment.backward(tensorOf([1, 1], [1e37])));
      expectSameState(segment.exportState(), {
        weights: Float32Array.of(1, 0),
        optimizers: [{ step: 0, slots: [new Float32Array(2)] }],
      });
    });

    it('large but finite numbers are no failure', async () => {
      const part = partOf([dense('fc', 1, 1)], [1]);
      const segment = startSegment(await compile(part, { optimizer: plainSgd }), Float32Array.of(1, 0));
      await trainWith(segment, tensorOf([1, 1], [1]), tensorOf([1, 1], [2 ** 120]));
      expect([...segment.exportState().weights]).to.deep.equal([-(2 ** 120), -(2 ** 120)]);
    });
  });

  it('refuses a second backward after one forward', async () => {
    const segment = startSegment(await compile(head));
    await trainWith(segment, x(1), dz(1));
    const before = segment.exportState();
    await expectRejection(segment.backward(dz(1)));
    expectSameState(segment.exportState(), before);
  });

  it('lists at least one device, each under a name of its own', async () => {
    const names = (await (await load()).listDevices()).map(({ name }) => name);
    expect(names).not.to.deep.equal([]);
    expect(new Set(names).size).to.equal(names.length);
  });

  it('refuses an unknown device, naming it', async () => {
    const engine = await load();
    const error = await expectRejection(
      engine.compile({
        part: head,
        hasLoss: false,
        needsInputGradient: false,
        groups: [{ numLayers: head.layers.length, optimizer: sgd }],
        device: 'abacus:3',
        ...plainCompute,
      }),
    );
    expect(error).to.be.instanceOf(ConfigError);
    expect(error).to.have.property('code', 'ERR_DEVICE');
    expect(error.message).to.include('"abacus:3"').and.to.include(engine.name);
  });
}

async function expectNotFinite(step: Promise<unknown>): Promise<void> {
  const error = await expectRejection(step);
  expect(error).to.be.instanceOf(NumericError);
  expect(error).to.have.property('code', 'ERR_NOT_FINITE');
}

async function expectRejection(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => 'fulfilled',
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(Error);
  return outcome as Error;
}
