import { expect } from 'chai';
import { ShapeError } from '../../../src/core/errors.js';
import type { Shape } from '../../../src/core/shapes.js';
import {
  conv2d,
  dense,
  flatten,
  globalAvgPool2d,
  groupNorm,
  layerOutputShape,
  maxPool2d,
  numParameters,
  outputShape,
  parametersOf,
  relu,
  residual,
  type Layer,
} from '../../../src/models/layers.js';

describe('layerOutputShape', () => {
  const fits: readonly [layer: Layer, input: Shape, output: Shape][] = [
    [conv2d('conv', 3, 6, 5), [3, 32, 30], [6, 28, 26]],
    [conv2d('conv', 1, 4, 3, { padding: 1 }), [1, 7, 5], [4, 7, 5]],
    // (8 + 2 - 3) / 2 + 1 = 4.5: the last pixel is not reached
    [conv2d('conv', 1, 4, 3, { padding: 1, stride: 2 }), [1, 8, 7], [4, 4, 4]],
    [conv2d('conv', 1, 1, 5, { padding: 1 }), [1, 3, 3], [1, 1, 1]],
    [maxPool2d('pool', 2), [5, 8, 6], [5, 4, 3]],
    [maxPool2d('pool', 3), [5, 8, 3], [5, 2, 1]],
    [relu('relu'), [5, 8, 6], [5, 8, 6]],
    [relu('relu'), [7], [7]],
    [flatten('flatten'), [5, 4, 3], [60]],
    [groupNorm('norm', 2, 4), [4, 3, 5], [4, 3, 5]],
    [globalAvgPool2d('pool'), [4, 3, 5], [4]],
    [residual('block', [conv2d('conv', 4, 4, 3, { padding: 1 })]), [4, 3, 5], [4, 3, 5]],
    [
      residual(
        'block',
        [conv2d('conv', 4, 8, 3, { padding: 1, stride: 2 })],
        [conv2d('shortcut', 4, 8, 1, { stride: 2 })],
      ),
      [4, 8, 8],
      [8, 4, 4],
    ],
    [dense('fc', 60, 10), [60], [10]],
  ];
  for (const [layer, input, output] of fits) {
    it(`${layer.kind} of ${input.join('x')} is ${output.join('x')}`, () => {
      expect(layerOutputShape(layer, input)).to.deep.equal(output);
    });
  }

  const misfits: readonly [why: string, layer: Layer, input: Shape, expected: string][] = [
    ['other channels', conv2d('conv', 3, 6, 5), [1, 32, 32], '3 channels'],
    ['a flat row', conv2d('conv', 3, 6, 5), [3072], 'a picture'],
    ['too small a height', conv2d('conv', 3, 6, 5), [3, 4, 32], 'at least 5 pixels'],
    ['too small a width', conv2d('conv', 3, 6, 5, { padding: 1 }), [3, 32, 2], 'at least 3 pixels'],
    ['less than a window', maxPool2d('pool', 3), [1, 9, 2], 'at least 3 pixels'],
    ['a flat row', maxPool2d('pool', 2), [16], 'a picture'],
    ['channels that are not its own', groupNorm('norm', 2, 4), [6, 3, 3], '4 channels in 2 equal groups'],
    ['groups that are not equal', groupNorm('norm', 3, 4), [4, 3, 3], '4 channels in 3 equal groups'],
    ['a flat row', globalAvgPool2d('pool'), [16], 'a picture'],
    [
      'branches that do not meet',
      residual('block', [conv2d('conv', 4, 8, 1)]),
      [4, 3, 3],
      'body and shortcut to give the same shape, not 8x3x3 and 4x3x3',
    ],
    ['other features', dense('fc', 60, 10), [61], '60 features'],
    ['a picture', dense('fc', 60, 10), [60, 1, 1], '60 features'],
  ];
  for (const [why, layer, input, expected] of misfits) {
    it(`${layer.kind} refuses ${why}, naming layer, input and what it expects`, () => {
      expect(() => layerOutputShape(layer, input))
        .to.throw(ShapeError, `"${layer.name}" is given ${input.join('x')}, but expects ${expected}`)
        .with.property('code', 'ERR_LAYER_SHAPE');
    });
  }
});

describe('parametersOf', () => {
  it('lists weight before bias, layer by layer, with the inputs of one output', () => {
    const layers = [
      conv2d('conv', 2, 3, 5, { stride: 2 }),
      relu('relu'),
      flatten('flatten'),
      dense('fc', 12, 4),
    ];
    expect(parametersOf(layers)).to.deep.equal([
      { name: 'conv.weight', shape: [3, 2, 5, 5], initial: { fanIn: 50 } },
      { name: 'conv.bias', shape: [3], initial: { fanIn: 50 } },
      { name: 'fc.weight', shape: [4, 12], initial: { fanIn: 12 } },
      { name: 'fc.bias', shape: [4], initial: { fanIn: 12 } },
    ]);
    expect(numParameters(layers)).to.equal(150 + 3 + 48 + 4);
  });

  it('leaves out the bias of a convolution without one, and starts a norm as the identity', () => {
    expect(
      parametersOf([conv2d('conv', 2, 3, 1, { hasBias: false }), groupNorm('norm', 1, 3)]),
    ).to.deep.equal([
      { name: 'conv.weight', shape: [3, 2, 1, 1], initial: { fanIn: 2 } },
      { name: 'norm.weight', shape: [3], initial: { constant: 1 } },
      { name: 'norm.bias', shape: [3], initial: { constant: 0 } },
    ]);
  });

  it('puts the name of a block before those inside, body before shortcut', () => {
    const block = residual('layer2', [dense('fc', 3, 3)], [relu('relu'), dense('shortcut.0', 3, 3)]);
    expect(parametersOf([block]).map(({ name }) => name)).to.deep.equal([
      'layer2.fc.weight',
      'layer2.fc.bias',
      'layer2.shortcut.0.weight',
      'layer2.shortcut.0.bias',
    ]);
  });

  it('is empty for layers that do not train', () => {
    expect(parametersOf([relu('relu'), maxPool2d('pool', 2), flatten('flatten')])).to.deep.equal([]);
    expect(numParameters([])).to.equal(0);
  });
});

describe('outputShape', () => {
  it('follows the layers, and names the one that does not fit', () => {
    const layers = [conv2d('conv', 1, 2, 3), maxPool2d('pool', 2), flatten('flatten')];
    expect(outputShape(layers, [1, 9, 6])).to.deep.equal([12]);
    expect(() => outputShape([...layers, dense('fc', 11, 3)], [1, 9, 6])).to.throw(
      ShapeError,
      '"fc" is given 12',
    );
  });
});
