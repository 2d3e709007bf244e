// Shape legend: B batch, I features in, O features out
import { expect } from 'chai';
import { freshState } from '../../../src/engine/engine.js';
import type { AdamOptions, OptimizerOptions, SgdOptions } from '../../../src/engine/optimizer.js';
import { initialWeights } from '../../../src/models/init.js';
import { dense, relu } from '../../../src/models/layers.js';
import {
  adam,
  expectSameState,
  partOf,
  sgd,
  startSegment,
  trainWith,
  type Compile,
} from '../../support/segments.js';
import { expectClose, expectSameBits, randomTensor } from '../../support/tensors.js';

const [NUM_ROWS, NUM_IN, NUM_OUT] = [3, 4, 2];
const NUM_STEPS = 5;
const TOLERANCE = 1e-6;
const layers = [dense('fc', NUM_IN, NUM_OUT)];
const part = partOf(layers, [NUM_IN]);
const x_BI = (step: number) => randomTensor([NUM_ROWS, NUM_IN], 10 + step);
const dz_BO = (step: number) => randomTensor([NUM_ROWS, NUM_OUT], 20 + step);

export function describeOptimizers(compile: Compile): void {
  describe('optimisers', () => {
    const variants: readonly [what: string, options: OptimizerOptions][] = [
      ['sgd without momentum and decay', { ...sgd, momentum: 0, weightDecay: 0 }],
      ['sgd with momentum and decay', sgd],
      ['adam without decay', { ...adam, weightDecay: 0 }],
      ['adam with decay', adam],
      ['adam with other betas and epsilon', { ...adam, beta1: 0.5, beta2: 0.7, epsilon: 0.1 }],
    ];
    for (const [what, optimizer] of variants) {
      it(`${what}: ${NUM_STEPS} steps agree with the formulas in float64`, async () => {
        const segment = startSegment(await compile(part, { optimizer }));
        const want = new Reference(optimizer, initialWeights(layers, 0));
        for (let step = 1; step <= NUM_STEPS; step++) {
          await trainWith(segment, x_BI(step), dz_BO(step));
          want.step(denseGradient(x_BI(step).data, dz_BO(step).data));
          const { weights, optimizers } = segment.exportState();
          expect(optimizers.map((state) => state.step)).to.deep.equal([step]);
          expectClose(weights, want.weights, TOLERANCE, `the weights after step ${step}`);
          expect(optimizers[0].slots.length).to.equal(want.slots.length);
          want.slots.forEach((slot, index) => {
            expectClose(optimizers[0].slots[index], slot, TOLERANCE, `slot ${index} after step ${step}`);
          });
        }
      });
    }

    it('groups of one segment have an optimiser each: the same as two segments', async () => {
      const whole = partOf([dense('fc1', 4, 5), relu('relu'), dense('fc2', 5, 2)], [4]);
      const groups = [
        { numLayers: 2, optimizer: sgd },
        { numLayers: 1, optimizer: adam },
      ];
      const both = startSegment(await compile(whole, { groups }));
      const head = startSegment(await compile(partOf(whole.layers.slice(0, 2), [4]), { optimizer: sgd }));
      const tail = startSegment(await compile(partOf(whole.layers.slice(2), [5]), { optimizer: adam }));
      for (let step = 1; step <= NUM_STEPS; step++) {
        await trainWith(both, x_BI(step), dz_BO(step));
        const { dx } = await trainWith(tail, await head.forward(x_BI(step)), dz_BO(step));
        await head.backward(dx!);
      }
      const [got, wantHead, wantTail] = [both.exportState(), head.exportState(), tail.exportState()];
      expectClose(got.weights, [...wantHead.weights, ...wantTail.weights], TOLERANCE, 'the weights');
      [...wantHead.optimizers, ...wantTail.optimizers].forEach(({ step, slots }, group) => {
        expect(got.optimizers[group].step).to.equal(step);
        expect(got.optimizers[group].slots.length).to.equal(slots.length);
        slots.forEach((slot, index) => {
          expectClose(got.optimizers[group].slots[index], slot, TOLERANCE, `slot ${index} of group ${group}`);
        });
      });
    });

    it('a group may have no parameters', async () => {
      const layersOfBoth = [dense('fc', NUM_IN, NUM_OUT), relu('relu')];
      const groups = [
        { numLayers: 1, optimizer: sgd },
        { numLayers: 1, optimizer: adam },
      ];
      const segment = startSegment(await compile(partOf(layersOfBoth, [NUM_IN]), { groups }));
      const want = startSegment(await compile(partOf(layersOfBoth, [NUM_IN]), { optimizer: sgd }));
      await trainWith(segment, x_BI(1), dz_BO(1));
      await trainWith(want, x_BI(1), dz_BO(1));
      expectClose(segment.exportState().weights, want.exportState().weights, TOLERANCE, 'the weights');
    });

    for (const optimizer of [sgd, adam]) {
      it(`resetOptimizers: ${optimizer.name} forgets its past and its step count, but no weight`, async () => {
        const program = await compile(part, { optimizer });
        const segment = startSegment(program);
        for (let step = 1; step <= 3; step++) await trainWith(segment, x_BI(step), dz_BO(step));
        const before = segment.exportState().weights;
        segment.resetOptimizers();
        expectSameState(segment.exportState(), freshState(program.spec, before));

        const fresh = startSegment(program, before);
        await trainWith(segment, x_BI(4), dz_BO(4));
        await trainWith(fresh, x_BI(4), dz_BO(4));
        expectSameState(segment.exportState(), fresh.exportState());
        expectSameBits(segment.exportState().weights, fresh.exportState().weights, 'the weights');
      });
    }
  });
}

/** dW = dz^T x and db = sum of dz, in float64; they do not depend on the weights. */
function denseGradient(x: Float32Array, dz: Float32Array): Float64Array {
  const gradient = new Float64Array(NUM_OUT * NUM_IN + NUM_OUT);
  for (let row = 0; row < NUM_ROWS; row++)
    for (let out = 0; out < NUM_OUT; out++) {
      const dzOut = dz[row * NUM_OUT + out];
      for (let i = 0; i < NUM_IN; i++) gradient[out * NUM_IN + i] += dzOut * x[row * NUM_IN + i];
      gradient[NUM_OUT * NUM_IN + out] += dzOut;
    }
  return gradient;
}

/** The formulas of `engine/optimizer.ts`, read out again in float64. */
class Reference {
  readonly #options: OptimizerOptions;
  readonly weights: Float64Array;
  readonly slots: readonly Float64Array[];
  #numSteps = 0;

  constructor(options: OptimizerOptions, weights: Float32Array) {
    this.#options = options;
    this.weights = Float64Array.from(weights);
    const numSlots = options.name === 'sgd' ? 1 : 2;
    this.slots = Array.from({ length: numSlots }, () => new Float64Array(weights.length));
  }

  step(gradient: Float64Array): void {
    this.#numSteps++;
    const decayed = gradient.map((g, index) => g + this.#options.weightDecay * this.weights[index]);
    if (this.#options.name === 'sgd') this.#sgd(this.#options, decayed);
    else this.#adam(this.#options, decayed);
  }

  #sgd({ lr, momentum }: SgdOptions, gradient: Float64Array): void {
    const [m] = this.slots;
    gradient.forEach((g, index) => {
      m[index] = momentum * m[index] + g;
      this.weights[index] -= lr * m[index];
    });
  }

  #adam({ lr, beta1, beta2, epsilon }: AdamOptions, gradient: Float64Array): void {
    const [m, v] = this.slots;
    gradient.forEach((g, index) => {
      m[index] = beta1 * m[index] + (1 - beta1) * g;
      v[index] = beta2 * v[index] + (1 - beta2) * g ** 2;
      const mean = m[index] / (1 - beta1 ** this.#numSteps);
      const square = v[index] / (1 - beta2 ** this.#numSteps);
      this.weights[index] -= (lr * mean) / (Math.sqrt(square) + epsilon);
    });
  }
}
