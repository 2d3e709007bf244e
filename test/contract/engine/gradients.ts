// Shape legend: B batch, I one row's input, F one row's output, K classes
import type { Shape, Tensor } from '../../../src/core/shapes.js';
import { freshState, type Program } from '../../../src/engine/engine.js';
import { initialWeights } from '../../../src/models/init.js';
import {
  conv2d,
  dense,
  flatten,
  globalAvgPool2d,
  groupNorm,
  maxPool2d,
  relu,
  residual,
  type Layer,
} from '../../../src/models/layers.js';
import { partOf, plainSgd, startSegment, trainOn, trainWith, type Compile } from '../../support/segments.js';
import { expectClose, randomLabels, randomTensor, spacedTensor } from '../../support/tensors.js';

const NUM_ROWS = 2;
const STEP = 1e-2;
/** Every case is linear between the two points of a difference, so that only rounding remains; the loss almost. */
const TOLERANCE = 1e-3;

const cases: readonly [what: string, layers: readonly Layer[], inputShape: Shape][] = [
  ['dense', [dense('fc', 5, 4)], [5]],
  ['conv2d', [conv2d('conv', 2, 3, 3)], [2, 5, 4]],
  ['conv2d with padding', [conv2d('conv', 2, 3, 3, { padding: 1 })], [2, 4, 5]],
  ['conv2d with stride 2', [conv2d('conv', 2, 3, 3, { stride: 2 })], [2, 5, 7]],
  ['conv2d with a stride that misses pixels', [conv2d('conv', 1, 2, 2, { stride: 3 })], [1, 7, 6]],
  [
    'conv2d with stride, padding and missed pixels',
    [conv2d('conv', 1, 2, 3, { stride: 2, padding: 1 })],
    [1, 6, 4],
  ],
  ['conv2d with an even kernel', [conv2d('conv', 1, 2, 4, { padding: 2 })], [1, 4, 5]],
  ['conv2d without bias', [conv2d('conv', 2, 3, 3, { hasBias: false, padding: 1 })], [2, 3, 4]],
  ['conv2d 1x1 with stride 2', [conv2d('conv', 2, 3, 1, { stride: 2, hasBias: false })], [2, 4, 5]],
  ['relu', [relu('relu')], [2, 3, 3]],
  ['max_pool2d of 2', [maxPool2d('pool', 2)], [2, 4, 6]],
  ['max_pool2d of 3', [maxPool2d('pool', 3)], [2, 6, 3]],
  ['max_pool2d that drops pixels', [maxPool2d('pool', 2)], [1, 5, 7]],
  ['flatten', [flatten('flatten'), dense('fc', 12, 3)], [3, 2, 2]],
  ['global_avg_pool2d', [globalAvgPool2d('pool')], [3, 2, 4]],
  ['group_norm', [groupNorm('norm', 2, 4)], [4, 2, 3]],
  ['group_norm, a channel a group', [groupNorm('norm', 3, 3)], [3, 3, 2]],
  ['group_norm, one group', [groupNorm('norm', 1, 2)], [2, 3, 3]],
  ['residual', [residual('block', [dense('fc', 4, 4)])], [4]],
  [
    'residual on pictures',
    [residual('block', [conv2d('conv', 2, 2, 3, { padding: 1, hasBias: false })])],
    [2, 3, 2],
  ],
  [
    'residual with a projection',
    [
      residual(
        'block',
        [conv2d('conv1', 2, 4, 3, { stride: 2, padding: 1 }), conv2d('conv2', 4, 4, 1)],
        [conv2d('shortcut', 2, 4, 1, { stride: 2 })],
      ),
    ],
    [2, 4, 4],
  ],
  ['conv2d, relu, max_pool2d', [conv2d('conv', 1, 2, 3), relu('relu'), maxPool2d('pool', 2)], [1, 7, 6]],
  ['conv2d of 5, relu, max_pool2d', [conv2d('conv', 2, 2, 5), relu('relu'), maxPool2d('pool', 2)], [2, 8, 6]],
  [
    'conv2d of 5 with padding, relu, max_pool2d that drops pixels',
    [conv2d('conv', 1, 2, 5, { padding: 2 }), relu('relu'), maxPool2d('pool', 2)],
    [1, 5, 4],
  ],
  [
    'conv2d without bias, relu, max_pool2d',
    [conv2d('conv', 1, 2, 3, { hasBias: false }), relu('relu'), maxPool2d('pool', 2)],
    [1, 6, 6],
  ],
  ['relu, max_pool2d, conv2d', [relu('relu'), maxPool2d('pool', 2), conv2d('conv', 2, 2, 2)], [2, 6, 6]],
];

/** Gradients against central differences of the same engine's forward run. */
export function describeGradients(compile: Compile): void {
  describe('gradients', () => {
    for (const [what, layers, inputShape] of cases) {
      it(`${what}: agree with differences of the output`, async () => {
        const program = await compile(partOf(layers, inputShape), { optimizer: plainSgd });
        const weights = initialWeights(layers, 1);
        const x_BI = spacedTensor([NUM_ROWS, ...inputShape], 2);
        const dz_BF = randomTensor([NUM_ROWS, ...program.spec.part.outputShape], 3);
        const segment = startSegment(program, weights);
        const { dx } = await trainWith(segment, x_BI, dz_BF);
        const got = { dx: dx!.data, dw: difference(weights, segment.exportState().weights) };
        const objective = (y_BF: Tensor) => dot(y_BF.data, dz_BF.data);
        await expectGradients(program, weights, x_BI, objective, got);
      });
    }

    it('softmax cross-entropy: agree with differences of the mean loss', async () => {
      const layers = [dense('fc1', 4, 5), dense('fc2', 5, 3)];
      const program = await compile(partOf(layers, [4]), { hasLoss: true, optimizer: plainSgd });
      const weights = initialWeights(layers, 1);
      const x_BI = randomTensor([5, 4], 2);
      const labels_B = randomLabels(5, 3, 3);
      const segment = startSegment(program, weights);
      const { dx_BI } = await trainOn(segment, x_BI, labels_B);
      const got = { dx: dx_BI!.data, dw: difference(weights, segment.exportState().weights) };
      const objective = (logits_BK: Tensor) => meanCrossEntropy(logits_BK, labels_B);
      await expectGradients(program, weights, x_BI, objective, got);
    });
  });
}

async function expectGradients(
  program: Program,
  weights: Float32Array<ArrayBuffer>,
  x_BI: Tensor,
  objective: (y: Tensor) => number,
  got: { dx: Float32Array; dw: Float32Array },
): Promise<void> {
  const segment = startSegment(program, weights);
  const dx = await differences(x_BI.data, async (data) =>
    objective(await segment.infer({ shape: x_BI.shape, data })),
  );
  expectClose(got.dx, dx, TOLERANCE, 'the gradient of the input');
  const dw = await differences(weights, async (moved) =>
    objective(await program.createSegment(freshState(program.spec, moved)).infer(x_BI)),
  );
  expectClose(got.dw, dw, TOLERANCE, 'the gradient of the weights');
}

/** (f(x + step) - f(x - step)) / (2 step) for each entry of x, with the step that float32 really makes. */
async function differences(
  x: Float32Array<ArrayBuffer>,
  f: (moved: Float32Array<ArrayBuffer>) => Promise<number>,
): Promise<Float64Array> {
  const gradient = new Float64Array(x.length);
  for (const [index, value] of x.entries()) {
    const [up, down] = [x.with(index, value + STEP), x.with(index, value - STEP)];
    gradient[index] = ((await f(up)) - (await f(down))) / (up[index] - down[index]);
  }
  return gradient;
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value - b[index]);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}

function meanCrossEntropy({ shape: [numRows, numClasses], data }: Tensor, labels_B: Int32Array): number {
  let sum = 0;
  for (let row = 0; row < numRows; row++) {
    const logits_K = data.subarray(row * numClasses, (row + 1) * numClasses);
    sum += Math.log(logits_K.reduce((total, logit) => total + Math.exp(logit), 0)) - logits_K[labels_B[row]];
  }
  return sum / numRows;
}
