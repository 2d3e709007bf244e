import { expect } from 'chai';
import { DataError } from '../../../src/core/errors.js';
import { decodeSafetensors } from '../../../src/core/safetensors.js';
import { freshState, type SegmentSpec, type SegmentState, plainCompute } from '../../../src/engine/engine.js';
import type { OptimizerOptions } from '../../../src/engine/optimizer.js';
import { decodeStates, encodeStates } from '../../../src/engine/state_file.js';
import { dense, relu } from '../../../src/models/layers.js';
import { thrown } from '../../support/link_errors.js';
import { adam, expectSameState, partOf, sgd } from '../../support/segments.js';
import { randomTensor } from '../../support/tensors.js';

const layers = [dense('a', 2, 3), relu('relu'), dense('b', 3, 2)];

/** One group a layer with an optimiser of its own: 9 and 8 parameters. */
const specOf = (...optimizers: readonly OptimizerOptions[]): SegmentSpec => ({
  part: partOf(layers, [2]),
  hasLoss: false,
  needsInputGradient: false,
  groups: [
    { numLayers: 2, optimizer: optimizers[0] },
    { numLayers: 1, optimizer: optimizers[1] ?? optimizers[0] },
  ],
  device: 'cpu',
  ...plainCompute,
});

/** A state with a different number in every place. */
function someState(spec: SegmentSpec): SegmentState {
  const fresh = freshState(spec, randomTensor([17], 1).data);
  return {
    ...fresh,
    optimizers: fresh.optimizers.map(({ slots }, group) => ({
      step: 1000 + group,
      slots: slots.map(({ length }, slot) => randomTensor([length], 10 * group + slot + 2).data),
    })),
  };
}

const encoded = (spec: SegmentSpec, state: SegmentState, prefix = '') =>
  encodeStates([{ prefix, spec, state }]);
const decoded = (spec: SegmentSpec, file: Uint8Array, source: string) => decodeStates(file, source)('', spec);

describe('a state file', () => {
  for (const [what, spec] of [
    ['sgd', specOf(sgd)],
    ['adam', specOf(adam)],
    ['adam for one group, sgd without momentum for the other', specOf(adam, { ...sgd, momentum: 0 })],
  ] as const) {
    it(`keeps every bit of weights, slots and step counts: ${what}`, () => {
      const state = someState(spec);
      expectSameState(decoded(spec, encoded(spec, state), 'head'), state);
    });
  }

  it('is a safetensors file with the names of the parameters', () => {
    const spec = specOf(adam, sgd);
    const names = [...decodeSafetensors(encoded(spec, someState(spec)), 'head').keys()];
    expect(names).to.have.members([
      'a.weight',
      'a.bias',
      'b.weight',
      'b.bias',
      'optimizer.0.step',
      'optimizer.0.slot.0',
      'optimizer.0.slot.1',
      'optimizer.1.step',
      'optimizer.1.slot.0',
    ]);
  });

  it('keeps numbers that are not finite, and both zeros', () => {
    const spec = specOf(sgd);
    const state = someState(spec);
    state.weights.set([NaN, Infinity, -0, 1e-45]);
    expectSameState(decoded(spec, encoded(spec, state), 'head'), state);
  });

  const wrong: readonly (readonly [string, SegmentSpec, SegmentSpec, string, RegExp])[] = [
    [
      'with another optimiser',
      specOf(sgd),
      specOf(adam),
      'ERR_STATE',
      /should hold 9 values "optimizer\.0\.slot\.1"/,
    ],
    [
      'with other groups',
      specOf(sgd),
      { ...specOf(sgd), groups: [{ numLayers: 3, optimizer: sgd }] },
      'ERR_STATE',
      /should hold 17 values "optimizer\.0\.slot\.0"/,
    ],
    [
      'of another model',
      specOf(sgd),
      { ...specOf(sgd), part: partOf([dense('a', 2, 4), relu('relu'), dense('b', 4, 2)], [2]) },
      'ERR_WEIGHTS',
      /"a\.weight" as F32 4x2/,
    ],
  ];
  for (const [what, written, read, code, says] of wrong) {
    it(`of a run ${what} is refused`, () => {
      const file = encoded(written, someState(written));
      const error = thrown(() => decoded(read, file, 'dir/head'), DataError, code);
      expect(error.message).to.match(/^"dir\/head" does not fit/);
      expect(error.message).to.match(says);
    });
  }

  it('cut off is refused', () => {
    const spec = specOf(sgd);
    const file = encoded(spec, someState(spec));
    thrown(() => decoded(spec, file.subarray(0, -1), 'head'), DataError, 'ERR_SAFETENSORS');
  });

  it('keeps the states of several segments apart by their prefixes', () => {
    const [first, second] = [specOf(adam), specOf(sgd)];
    const states = [someState(first), { ...someState(second), weights: randomTensor([17], 9).data }];
    const file = encodeStates([
      { prefix: 'client.0.', spec: first, state: states[0] },
      { prefix: 'client.1.', spec: second, state: states[1] },
    ]);
    const read = decodeStates(file, 'heads');
    expectSameState(read('client.1.', second), states[1]);
    expectSameState(read('client.0.', first), states[0]);
    const error = thrown(() => read('client.2.', first), DataError, 'ERR_WEIGHTS');
    expect(error.message).to.include('"client.2.a.weight"');
  });
});
