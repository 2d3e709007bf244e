// Shape legend: B batch, C channels, H height, W width, F features
import { expect } from 'chai';
import { randomStream } from '../../../src/core/random.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { poolBeforeRelu } from '../../../src/engine/passes.js';
import { conv2d, dense, flatten, maxPool2d, relu, type Layer } from '../../../src/models/layers.js';
import { models } from '../../../src/models/registry.js';
import type { Tensor } from '../../../src/core/shapes.js';
import { compilerOf, expectSameState, partOf, sgd, startSegment, trainWith } from '../../support/segments.js';
import { expectSameBits, randomTensor, tensorOf } from '../../support/tensors.js';

const names = (layers: readonly Layer[]) => layers.map(({ name }) => name);

describe('poolBeforeRelu', () => {
  it('swaps each relu with the pooling right after it, and nothing else', () => {
    const layers = [
      relu('relu1'),
      conv2d('conv1', 1, 1, 1),
      relu('relu2'),
      maxPool2d('pool1', 2),
      maxPool2d('pool2', 2),
      flatten('flatten'),
      relu('relu3'),
      dense('fc1', 1, 1),
    ];
    const before = names(layers);
    expect(names(poolBeforeRelu(layers))).to.deep.equal([
      'relu1',
      'conv1',
      'pool1',
      'pool2',
      'relu2',
      'flatten',
      'relu3',
      'fc1',
    ]);
    expect(names(layers)).to.deep.equal(before);
  });

  it('applies to both convolutions of the models that pool', () => {
    for (const model of [models.lenet, models.femnist_cnn]) {
      const { layers } = model({ picture: [1, 28, 28], numClasses: 10 });
      expect(names(poolBeforeRelu(layers)).slice(0, 6)).to.deep.equal([
        'conv1',
        'pool1',
        'relu1',
        'conv2',
        'pool2',
        'relu2',
      ]);
    }
  });
});

describe('poolBeforeRelu, in training', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const NUM_ROWS = 4;

  for (const [k, side] of [
    [2, 10],
    [2, 11],
    [3, 11],
  ]) {
    const conv = conv2d('conv', 1, 4, 3);
    const pooled = Math.floor((side - 2) / k);
    const rest = [flatten('flatten'), dense('fc', 4 * pooled ** 2, 3)];
    const written = [conv, relu('relu'), maxPool2d('pool', k), ...rest];

    it(`pooling of ${k} on ${side}x${side}: the bits of the layers as they were written`, async () => {
      // The convolution is a group of its own, so that it stays a layer of its own.
      const groups = [1, written.length - 1].map((numLayers) => ({ numLayers, optimizer: sgd }));
      const whole = startSegment(await compile(partOf(written, [1, side, side]), { groups }));
      // A part ends between relu and pooling, so that nothing can be swapped there.
      const headPart = partOf(written.slice(0, 2), [1, side, side]);
      const head = startSegment(await compile(headPart, { optimizer: sgd }));
      const tail = startSegment(
        await compile(partOf(written.slice(2), headPart.outputShape), { optimizer: sgd }),
      );
      for (let step = 0; step < 3; step++) {
        const x_BCHW = digitLike([NUM_ROWS, 1, side, side], step);
        const dy_BF = randomTensor([NUM_ROWS, 3], step);
        const got = await trainWith(whole, x_BCHW, dy_BF);
        const z = await head.forward(x_BCHW);
        expectTiesAndZeros(z);
        const { y, dx: dz } = await trainWith(tail, z, dy_BF);
        const dx = await head.backward(dz!);
        expectSameBits(got.y.data, y.data, 'the output');
        expectSameBits(got.dx!.data, dx!.data, 'the gradient of the input');
      }
      const [first, second] = [head.exportState(), tail.exportState()];
      const weights = Float32Array.from([...first.weights, ...second.weights]);
      expectSameBits(whole.exportState().weights, weights, 'the weights');
    });

    it(`pooling of ${k} on ${side}x${side}: the bits of the layers in the swapped order`, async () => {
      const swapped = [conv, maxPool2d('pool', k), relu('relu'), ...rest];
      const [a, b] = [
        startSegment(await compile(partOf(written, [1, side, side]))),
        startSegment(await compile(partOf(swapped, [1, side, side]))),
      ];
      const x_BCHW = digitLike([NUM_ROWS, 1, side, side], 9);
      const dy_BF = randomTensor([NUM_ROWS, 3], 9);
      const [got, want] = [await trainWith(a, x_BCHW, dy_BF), await trainWith(b, x_BCHW, dy_BF)];
      expectSameBits(got.y.data, want.y.data, 'the output');
      expectSameBits(got.dx!.data, want.dx!.data, 'the gradient of the input');
      expectSameState(a.exportState(), b.exportState());
    });
  }
});

/** A picture of few grey levels with a constant background, as digits are: its convolution ties in most windows. */
function digitLike(shape: readonly [number, number, number, number], seed: number): Tensor {
  const stream = randomStream(seed, 'init', 'picture');
  const [numRows, , height, width] = shape;
  const values = Array.from({ length: numRows * height * width }, (_, index) => {
    const isInk = index % width > width / 2 && stream.uniform() < 0.7;
    return isInk ? stream.integer(3) / 2 : -1;
  });
  return tensorOf(shape, values);
}

function expectTiesAndZeros({ data }: Tensor): void {
  const zeros = data.filter((value) => value === 0).length;
  const positive = data.filter((value) => value > 0);
  expect(zeros, 'values that relu made 0').to.be.greaterThan(data.length / 10);
  expect(new Set(positive).size, 'different positive values').to.be.lessThan(positive.length * 0.9);
}
