import type { Shape } from '../../../src/core/shapes.js';
import { conv2d, maxPool2d, relu } from '../../../src/models/layers.js';
import { readCases } from '../../support/fixtures.js';
import { partOf, plainSgd, startSegment, trainWith, type Compile } from '../../support/segments.js';
import { expectSameNumbers, tensorOf } from '../../support/tensors.js';

/** Tensors as flat lists; shapes with the batch. */
interface PoolCase {
  readonly kernel: number;
  readonly input_shape: Shape;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly output_gradient: readonly number[];
  readonly input_gradient: readonly number[];
}

interface ConvCase extends PoolCase {
  readonly stride: number;
  readonly padding: number;
  readonly weight_shape: Shape;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly weight_gradient: readonly number[];
  readonly bias_gradient: readonly number[];
}

/** PyTorch's numbers; whole and small, therefore the same to the last bit. */
export function describeReference(compile: Compile): void {
  describe('PyTorch reference', () => {
    for (const poolCase of readCases('pool_ties.json') as PoolCase[]) {
      const { kernel, input_shape: shape } = poolCase;
      it(`max_pool2d of ${kernel} on ${shape.join('x')}: the first of several maxima gets the gradient`, async () => {
        const program = await compile(partOf([maxPool2d('pool', kernel)], shape.slice(1)));
        const segment = startSegment(program);
        const dz = tensorOf([shape[0], ...program.spec.part.outputShape], poolCase.output_gradient);
        const { y, dx } = await trainWith(segment, tensorOf(shape, poolCase.input), dz);
        expectSameNumbers(y.data, poolCase.output, 'output');
        expectSameNumbers(dx!.data, poolCase.input_gradient, 'gradient of the input');
      });
    }

    it('relu: the gradient at 0 is 0', async () => {
      const segment = startSegment(await compile(partOf([relu('relu')], [5])));
      const { y, dx } = await trainWith(
        segment,
        tensorOf([1, 5], [-2, -0, 0, 1e-30, 3]),
        tensorOf([1, 5], [1, 2, 3, 4, 5]),
      );
      expectSameNumbers(y.data, Float32Array.of(0, 0, 0, 1e-30, 3), 'output');
      expectSameNumbers(dx!.data, [0, 0, 0, 4, 5], 'gradient of the input');
    });

    for (const convCase of readCases('conv_grads.json') as ConvCase[]) {
      const { kernel, stride, padding, input_shape: shape, weight_shape: weightShape } = convCase;
      it(`conv2d ${kernel}x${kernel}, stride ${stride}, padding ${padding}: output and gradients`, async () => {
        const layer = conv2d('conv', weightShape[1], weightShape[0], kernel, { stride, padding });
        const program = await compile(partOf([layer], shape.slice(1)), { optimizer: plainSgd });
        const weights = Float32Array.from([...convCase.weight, ...convCase.bias]);
        const segment = startSegment(program, weights);
        const dz = tensorOf([shape[0], ...program.spec.part.outputShape], convCase.output_gradient);
        const { y, dx } = await trainWith(segment, tensorOf(shape, convCase.input), dz);
        expectSameNumbers(y.data, convCase.output, 'output');
        expectSameNumbers(dx!.data, convCase.input_gradient, 'gradient of the input');
        const next = segment.exportState().weights;
        const gradient = weights.map((weight, index) => weight - next[index]);
        const numWeights = convCase.weight.length;
        expectSameNumbers(
          gradient.subarray(0, numWeights),
          convCase.weight_gradient,
          'gradient of the weight',
        );
        expectSameNumbers(gradient.subarray(numWeights), convCase.bias_gradient, 'gradient of the bias');
      });
    }
  });
}
