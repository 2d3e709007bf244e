// Shape legend: B batch, C channels, H height, W width, F features
import { expect } from 'chai';
import { randomStream } from '../../../src/core/random.js';
import type { Tensor } from '../../../src/core/shapes.js';
import type { Program } from '../../../src/engine/engine.js';
import { fastBlocks } from '../../../src/engine/onnxruntime/blocks.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { poolBeforeRelu } from '../../../src/engine/passes.js';
import { conv2d, dense, maxPool2d, relu, type Layer } from '../../../src/models/layers.js';
import { splitNetwork, unsplitNetwork, type Network } from '../../../src/models/network.js';
import { models } from '../../../src/models/registry.js';
import {
  compilerOf,
  partOf,
  plainSgd,
  sgd,
  startSegment,
  trainOn,
  trainWith,
} from '../../support/segments.js';
import { expectClose, expectSameBits, randomLabels, randomTensor, tensorOf } from '../../support/tensors.js';

const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));

interface Case {
  readonly kernel: number;
  readonly padding: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly numRows: number;
}

const cases: readonly Case[] = [
  { kernel: 3, padding: 1, channels: 4, height: 14, width: 14, numRows: 3 },
  { kernel: 3, padding: 0, channels: 1, height: 9, width: 7, numRows: 2 },
  { kernel: 5, padding: 0, channels: 3, height: 16, width: 16, numRows: 4 },
  { kernel: 5, padding: 2, channels: 1, height: 8, width: 12, numRows: 1 },
  { kernel: 5, padding: 1, channels: 2, height: 9, width: 12, numRows: 3 }, // 7x10 outputs: the last row is dropped
  { kernel: 7, padding: 3, channels: 1, height: 28, width: 28, numRows: 5 },
  { kernel: 5, padding: 0, channels: 6, height: 14, width: 14, numRows: 32 }, // two sums
  { kernel: 5, padding: 0, channels: 5, height: 11, width: 10, numRows: 2 }, // five
];

/** The fast form, and the reference: a group of its own for the convolution leaves nothing to join. */
async function bothForms({ kernel, padding, channels, height, width }: Case) {
  const layers = [conv2d('conv', channels, 16, kernel, { padding }), relu('relu'), maxPool2d('pool', 2)];
  const part = partOf(layers, [channels, height, width]);
  const group = (numLayers: number) => ({ numLayers, optimizer: plainSgd });
  expect(formsOf(layers, [3])).to.deep.equal(['conv_pool']);
  expect(formsOf(layers, [1, 2])).to.deep.equal(['layer', 'layer', 'layer']);
  return {
    fast: await compile(part, { groups: [group(3)] }),
    plain: await compile(part, { groups: [group(1), group(2)] }),
  };
}

function formsOf(layers: readonly Layer[], groupSizes: readonly number[]): readonly string[] {
  return fastBlocks(poolBeforeRelu(layers), groupSizes).map(({ form }) => form);
}

async function stepOf(program: Program, x_BCHW: Tensor) {
  const segment = startSegment(program);
  const dz_BF = randomTensor([x_BCHW.shape[0], ...program.spec.part.outputShape], 3);
  const before = segment.exportState().weights;
  const { y, dx } = await trainWith(segment, x_BCHW, dz_BF);
  const after = segment.exportState().weights;
  return { y: y.data, dx: dx!.data, dw: before.map((weight, index) => weight - after[index]) };
}

describe('convolution, pooling and ReLU as one block', () => {
  for (const [what, pictureOf] of [
    ['random pictures', (shape: number[]) => randomTensor(shape, 7)],
    ['pictures with a constant background, whose maxima tie', (shape: number[]) => drawing(shape, 7)],
    ['pictures of one grey, where all maxima tie', (shape: number[]) => greyPicture(shape)],
  ] as const) {
    for (const sizes of cases) {
      const { kernel, padding, channels, height, width, numRows } = sizes;
      const shape = [numRows, channels, height, width];
      it(`${kernel}x${kernel}, padding ${padding}, on ${shape.join('x')}, ${what}: as the layers one by one`, async () => {
        const { fast, plain } = await bothForms(sizes);
        const x_BCHW = pictureOf(shape);
        const [got, want] = [await stepOf(fast, x_BCHW), await stepOf(plain, x_BCHW)];
        expectClose(got.y, want.y, 1e-6, 'the output');
        expectClose(got.dx, want.dx, 1e-6, 'the gradient of the input');
        expectClose(got.dw, want.dw, 1e-5, 'the gradient of the weights');
      });
    }
  }

  it('is there where stride, kernel and pooling fit', () => {
    const conv = (kernel: number, stride = 1) => conv2d('conv', 1, 1, kernel, { stride });
    const [pool2, pool3, rectify] = [maxPool2d('pool', 2), maxPool2d('pool', 3), relu('relu')];
    expect(formsOf([conv(5), rectify, pool2, dense('fc', 1, 1)], [4])).to.deep.equal(['conv_pool', 'layer']);
    expect(formsOf([conv(5), pool2, rectify], [3])).to.deep.equal(['conv_pool']);
    for (const layers of [
      [conv(1), rectify, pool2],
      [conv(6), rectify, pool2],
      [conv(5, 2), rectify, pool2],
      [conv2d('conv', 1, 1, 5, { hasBias: false }), rectify, pool2],
      [conv(5), rectify, pool3],
      [conv(5), pool2, dense('fc', 1, 1)],
      [rectify, conv(5), pool2],
    ])
      expect(formsOf(layers, [3]), JSON.stringify(layers)).to.deep.equal(['layer', 'layer', 'layer']);
  });
});

const networks: readonly Network[] = [
  models.lenet({ picture: [3, 32, 32], numClasses: 10 }),
  models.femnist_cnn({ picture: [1, 28, 28], numClasses: 10 }),
];

describe('a network whose layer groups are head and tail', () => {
  for (const network of networks)
    for (const { name } of network.layers.slice(0, -1))
      it(`${network.model} cut after ${name}: the bits of its two halves`, async () => {
        const { head, tail } = splitNetwork(network, name);
        const groups = [head, tail].map(({ layers }) => ({ numLayers: layers.length, optimizer: sgd }));
        const wholePart = unsplitNetwork(network);
        const whole = startSegment(
          await compile(wholePart, { hasLoss: true, needsInputGradient: false, groups }),
        );
        const first = startSegment(await compile(head, { needsInputGradient: false, optimizer: sgd }));
        const second = startSegment(await compile(tail, { hasLoss: true, optimizer: sgd }));
        for (const [step, numRows] of [4, 4, 3].entries()) {
          const x_BCHW = drawing([numRows, ...network.inputShape], step);
          const labels_B = randomLabels(numRows, 10, step);
          const want = await trainOn(whole, x_BCHW, labels_B);
          const got = await trainOn(second, await first.forward(x_BCHW), labels_B);
          await first.backward(got.dx_BI!);
          expectSameBits(got.logits_BK.data, want.logits_BK.data, `the logits of step ${step}`);
        }
        const weights = [first, second].flatMap((segment) => [...segment.exportState().weights]);
        expectSameBits(Float32Array.from(weights), whole.exportState().weights, 'the weights');
      });
});

/** A picture of few grey levels with a constant background on its left. */
function drawing(shape: readonly number[], seed: number): Tensor {
  const stream = randomStream(seed, 'init', 'picture');
  const width = shape[shape.length - 1];
  const numPixels = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: numPixels }, (_, index) => {
    const isInk = index % width > width / 2 && stream.uniform() < 0.7;
    return isInk ? stream.integer(3) / 2 : -1;
  });
  return tensorOf(shape, values);
}

function greyPicture(shape: readonly number[]): Tensor {
  return tensorOf(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.37));
}
