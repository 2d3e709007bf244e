import { expect } from 'chai';
import { DataError } from '../../../src/core/errors.js';
import { initialWeights } from '../../../src/models/init.js';
import { conv2d, dense, flatten, relu } from '../../../src/models/layers.js';
import {
  decodeWeights,
  encodeWeights,
  fromNamedTensors,
  toNamedTensors,
} from '../../../src/models/weights.js';
import { expectSameBits } from '../../support/tensors.js';

const layers = [conv2d('conv', 1, 2, 3), relu('relu'), flatten('flatten'), dense('fc', 8, 3)];
const weights = initialWeights(layers, 4);

describe('weights by name', () => {
  it('come in the order of the layers, each with its part of the vector', () => {
    const tensors = toNamedTensors(layers, weights, 'head.');
    expect([...tensors].map(([name, { shape }]) => [name, shape])).to.deep.equal([
      ['head.conv.weight', [2, 1, 3, 3]],
      ['head.conv.bias', [2]],
      ['head.fc.weight', [3, 8]],
      ['head.fc.bias', [3]],
    ]);
    expect(tensors.get('head.fc.bias')!.data).to.deep.equal(weights.slice(-3));
  });

  it('make the same vector again, whatever order they are stored in', () => {
    const shuffled = new Map([...toNamedTensors(layers, weights, 'head.')].reverse());
    expectSameBits(fromNamedTensors(layers, shuffled, 'a file', 'head.'), weights, 'the weights');
    expectSameBits(decodeWeights(layers, encodeWeights(layers, weights), 'a file'), weights, 'the weights');
  });

  it('are refused where one is missing, of another shape or of another type, naming file and tensor', () => {
    const without = toNamedTensors(layers, weights);
    without.delete('fc.bias');
    const reshaped = toNamedTensors(layers, weights);
    reshaped.set('fc.weight', { shape: [8, 3], data: new Float32Array(24) });
    const retyped = toNamedTensors(layers, weights);
    retyped.set('conv.bias', { shape: [2], data: new Int32Array(2) });
    for (const [tensors, name, found] of [
      [without, 'fc.bias', 'it is missing'],
      [reshaped, 'fc.weight', 'it is F32 8x3'],
      [retyped, 'conv.bias', 'it is I32 2'],
    ] as const)
      expect(() => fromNamedTensors(layers, tensors, 'head.safetensors'))
        .to.throw(DataError, new RegExp(`"head.safetensors".*"${name}" as F32 .*${found}`))
        .with.property('code', 'ERR_WEIGHTS');
  });
});
