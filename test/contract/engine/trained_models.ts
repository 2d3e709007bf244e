// Shape legend: B batch, C channels, H height, W width, F cut features, K classes
import { expect } from 'chai';
import { decodeSafetensors, type StoredTensor } from '../../../src/core/safetensors.js';
import type { Tensor } from '../../../src/core/shapes.js';
import type { Segment } from '../../../src/engine/engine.js';
import type { OptimizerOptions } from '../../../src/engine/optimizer.js';
import { numParameters, parametersOf, type Layer } from '../../../src/models/layers.js';
import { mlpLayers } from '../../../src/models/mlp.js';
import { splitNetwork, type Network } from '../../../src/models/network.js';
import { resnet8Layers } from '../../../src/models/resnet8.js';
import { fromNamedTensors } from '../../../src/models/weights.js';
import { tally } from '../../../src/metrics/classification.js';
import { readFixture } from '../../support/fixtures.js';
import { plainSgd, startSegment, trainOn, type Compile } from '../../support/segments.js';
import { expectClose } from '../../support/tensors.js';

const layersOf: Readonly<Record<string, readonly Layer[]>> = {
  small_mlp: mlpLayers(192, 12, 5),
  small_resnet8: resnet8Layers(3, [4, 8, 16], 2, 5),
};

const optimizers = {
  sgd: { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  adam: { name: 'adam', lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 5e-4 },
} as const satisfies Record<string, OptimizerOptions>;

/** Relative, of losses, gradients and SGD's weights. */
const TOLERANCE = 1e-5;
/** Adam divides by the root of a mean square, and so turns rounding of hardly any gradient into part of a step. */
const ADAM_TOLERANCE = 1e-4;

interface Meta {
  readonly cut: string;
  readonly batch_size: number;
  readonly runs: Readonly<Record<keyof typeof optimizers, { readonly losses: readonly number[] }>>;
}

/** What PyTorch recorded, and the network it trained. */
interface Recorded extends Meta {
  readonly network: Network;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly initial: Float32Array<ArrayBuffer>;
}

/** Narrow networks of every layer there is, against PyTorch's training of them (`make_model_fixtures.py`). */
export function describeTrainedModels(compile: Compile): void {
  for (const [name, layers] of Object.entries(layersOf)) {
    describe(`${name}, trained by PyTorch`, () => {
      const recorded = read(name, layers);

      it('activations, cut gradients and every gradient of the first batch', async () => {
        const { head, tail, batches } = await start(compile, recorded, plainSgd);
        const [{ x_BCHW, labels_B }] = batches;
        const z_BF = await head.forward(x_BCHW);
        const { dx_BI: dz_BF } = await trainOn(tail, z_BF, labels_B);
        await head.backward(dz_BF!);
        const { tensors, initial } = recorded;
        expectClose(z_BF.data, floats(tensors, 'first.activations'), TOLERANCE, 'the activations');
        expectClose(dz_BF!.data, floats(tensors, 'first.cut_gradients'), TOLERANCE, 'the cut gradients');
        const stepped = weightsOf(head, tail);
        let offset = 0;
        for (const { name: parameter } of parametersOf(layers)) {
          const want = floats(tensors, `first.gradient.${parameter}`);
          const got = Float32Array.from(
            want,
            (_, index) => initial[offset + index] - stepped[offset + index],
          );
          expectClose(got, want, TOLERANCE, `the gradient of ${parameter}`);
          offset += want.length;
        }
        expect(offset).to.equal(initial.length);
      });

      for (const [optimizer, options] of Object.entries(optimizers)) {
        it(`${optimizer}: losses and final weights`, async () => {
          const { head, tail, batches } = await start(compile, recorded, options);
          const losses: number[] = [];
          for (const { x_BCHW, labels_B } of batches) {
            const { logits_BK, dx_BI } = await trainOn(tail, await head.forward(x_BCHW), labels_B);
            await head.backward(dx_BI!);
            losses.push(tally(logits_BK.data, labels_B).lossSum / labels_B.length);
          }
          expectClose(losses, recorded.runs[options.name].losses, TOLERANCE, 'the losses');
          const got = weightsOf(head, tail);
          let offset = 0;
          for (const { name: parameter } of parametersOf(layers)) {
            const want = floats(recorded.tensors, `final.${optimizer}.${parameter}`);
            const own = got.subarray(offset, (offset += want.length));
            expectClose(own, want, optimizer === 'adam' ? ADAM_TOLERANCE : TOLERANCE, parameter);
          }
        });
      }
    });
  }
}

function read(name: string, layers: readonly Layer[]): Recorded {
  const meta = JSON.parse(readFixture(`${name}.json`).toString()) as Meta;
  const tensors = decodeSafetensors(readFixture(`${name}.safetensors`), name);
  const inputShape = tensors.get('images')!.shape.slice(1);
  const network = { model: name, padding: 0, inputShape, layers, defaultCut: meta.cut };
  return { ...meta, network, tensors, initial: fromNamedTensors(layers, tensors, name, 'init.') };
}

async function start(compile: Compile, recorded: Recorded, optimizer: OptimizerOptions) {
  const { network, cut, initial } = recorded;
  const parts = splitNetwork(network, cut);
  const numInHead = numParameters(parts.head.layers);
  const head = await compile(parts.head, { needsInputGradient: false, optimizer });
  const tail = await compile(parts.tail, { hasLoss: true, optimizer });
  return {
    head: startSegment(head, initial.slice(0, numInHead)),
    tail: startSegment(tail, initial.slice(numInHead)),
    batches: batchesOf(recorded),
  };
}

function batchesOf({ tensors, batch_size: size }: Recorded) {
  const { shape, data } = tensors.get('images')!;
  const labels = tensors.get('labels')!.data as Int32Array<ArrayBuffer>;
  const rowSize = data.length / shape[0];
  return Array.from({ length: shape[0] / size }, (_, batch) => {
    const first = batch * size;
    const x_BCHW: Tensor = {
      shape: [size, ...shape.slice(1)],
      data: data.slice(first * rowSize, (first + size) * rowSize) as Float32Array<ArrayBuffer>,
    };
    return { x_BCHW, labels_B: labels.slice(first, first + size) };
  });
}

function weightsOf(...segments: readonly Segment[]): Float32Array {
  return Float32Array.from(segments.flatMap((segment) => [...segment.exportState().weights]));
}

function floats(tensors: ReadonlyMap<string, StoredTensor>, name: string): Float32Array {
  return tensors.get(name)!.data as Float32Array;
}
