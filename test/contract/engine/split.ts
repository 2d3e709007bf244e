// Shape legend: B batch, C channels, H height, W width, F cut features, K classes
import { numElements, type Tensor } from '../../../src/core/shapes.js';
import type { SgdOptions } from '../../../src/engine/optimizer.js';
import { initialWeights } from '../../../src/models/init.js';
import { parametersOf } from '../../../src/models/layers.js';
import { splitNetwork, unsplitNetwork, type Network } from '../../../src/models/network.js';
import { models } from '../../../src/models/registry.js';
import { startSegment, trainOn, type Compile } from '../../support/segments.js';
import { expectClose, randomLabels, randomTensor } from '../../support/tensors.js';

const optimizer: SgdOptions = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 5e-4 };
/** Three whole batches, then partial ones. */
const BATCH_SIZES = [4, 4, 4, 3, 1];
const TOLERANCE = 1e-6;
/** What training changed is smaller than the weights, and so is rounded more coarsely. */
const CHANGE_TOLERANCE = 1e-4;

const networks: readonly [what: string, network: Network][] = [
  ['lenet on 1x28x28', models.lenet({ picture: [1, 28, 28], numClasses: 10 })],
  ['lenet on 3x32x32', models.lenet({ picture: [3, 32, 32], numClasses: 10 })],
  ['femnist_cnn on 1x28x28', models.femnist_cnn({ picture: [1, 28, 28], numClasses: 10 })],
  ['mlp on 1x28x28', models.mlp({ picture: [1, 28, 28], numClasses: 10 })],
  ['resnet8 on 3x32x32', models.resnet8({ picture: [3, 32, 32], numClasses: 10 })],
];

/** Training that is split equals training that is not, wherever the network is cut. */
export function describeSplit(compile: Compile): void {
  for (const [what, network] of networks) {
    describe(`${what}, split`, () => {
      let unsplit: Trained;
      before(async () => {
        unsplit = await trainUnsplit(compile, network);
      });
      for (const { name } of network.layers.slice(0, -1)) {
        it(`after ${name}: trains as the unsplit network`, async () => {
          expectSameTraining(await trainSplit(compile, network, name), unsplit, network);
        });
      }
    });
  }
}

interface Trained {
  readonly logits: readonly Tensor[];
  readonly weights: Float32Array;
}

async function trainUnsplit(compile: Compile, network: Network): Promise<Trained> {
  const program = await compile(unsplitNetwork(network), {
    hasLoss: true,
    needsInputGradient: false,
    optimizer,
  });
  const whole = startSegment(program);
  const logits: Tensor[] = [];
  for (const { x_BCHW, labels_B } of batches(network))
    logits.push((await trainOn(whole, x_BCHW, labels_B)).logits_BK);
  return { logits, weights: whole.exportState().weights };
}

async function trainSplit(compile: Compile, network: Network, cut: string): Promise<Trained> {
  const parts = splitNetwork(network, cut);
  const head = startSegment(await compile(parts.head, { needsInputGradient: false, optimizer }));
  const tail = startSegment(await compile(parts.tail, { hasLoss: true, optimizer }));
  const logits: Tensor[] = [];
  for (const { x_BCHW, labels_B } of batches(network)) {
    const { logits_BK, dx_BI: dz_BF } = await trainOn(tail, await head.forward(x_BCHW), labels_B);
    await head.backward(dz_BF!);
    logits.push(logits_BK);
  }
  const weights = [head, tail].flatMap((segment) => [...segment.exportState().weights]);
  return { logits, weights: Float32Array.from(weights) };
}

function batches({ inputShape }: Network) {
  return BATCH_SIZES.map((numRows, index) => ({
    x_BCHW: randomTensor([numRows, ...inputShape], index),
    labels_B: randomLabels(numRows, 10, index),
  }));
}

function expectSameTraining(got: Trained, want: Trained, { layers }: Network): void {
  want.logits.forEach(({ data }, step) => {
    expectClose(got.logits[step].data, data, TOLERANCE, `the logits of step ${step + 1}`);
  });
  const initial = initialWeights(layers, 0);
  const changeOf = (trained: Float32Array) => trained.map((weight, index) => weight - initial[index]);
  let start = 0;
  for (const { name, shape } of parametersOf(layers)) {
    const end = start + numElements(shape);
    expectClose(got.weights.subarray(start, end), want.weights.subarray(start, end), TOLERANCE, name);
    const [gotChange, wantChange] = [got, want].map(({ weights }) => changeOf(weights).subarray(start, end));
    expectClose(gotChange, wantChange, CHANGE_TOLERANCE, `the change of ${name}`);
    start = end;
  }
}
