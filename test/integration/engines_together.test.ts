import { expect } from 'chai';
import { inputFormat } from '../../src/cli/cluster.js';
import { headSpec, tailSpec } from '../../src/cli/segment_specs.js';
import type { Tensor } from '../../src/core/shapes.js';
import { gatherLabels, gatherPictures } from '../../src/data/batches.js';
import {
  freshState,
  type Program,
  type Segment,
  type SegmentState,
  plainCompute,
} from '../../src/engine/engine.js';
import type { OptimizerOptions } from '../../src/engine/optimizer.js';
import { loadEngine, type EngineName } from '../../src/engine/registry.js';
import { tally } from '../../src/metrics/classification.js';
import { initialWeights } from '../../src/models/init.js';
import { splitNetwork } from '../../src/models/network.js';
import { modelNames, models, type ModelName } from '../../src/models/registry.js';
import { adam, firstDigits, sgd } from '../support/cluster_training.js';
import { describeTensorflow } from '../support/engines.js';

const BATCH_SIZE = 16;
/**
 * Of resnet8 fewer, since training amplifies rounding: one engine alone, from weights that differ in their last bit, has
 * losses that differ by 3e-4 after 20 steps.
 */
const numStepsOf = (model: ModelName): number => (model === 'resnet8' ? 10 : 20);

interface Batch {
  readonly x_BCHW: Tensor;
  readonly labels_B: Int32Array<ArrayBuffer>;
}

type Halves = readonly [head: Segment, tail: Segment];

describeTensorflow('onnxruntime and tensorflow', () => {
  const programs: Program[] = [];
  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.dispose()));
  });

  /** Programs of both halves, each on an engine of its own. */
  const compile = async (model: ModelName, optimizer: OptimizerOptions, engines: readonly EngineName[]) => {
    const { shape } = await firstDigits(1, 1);
    const { head, tail } = splitNetwork(models[model](shape), 'default');
    const place = { device: 'cpu', ...plainCompute };
    const specs = [headSpec(head, optimizer, place), tailSpec(tail, optimizer, place)];
    const compiled = await Promise.all(
      specs.map(async (spec, half) => (await loadEngine(engines[half])).compile(spec)),
    );
    programs.push(...compiled);
    return compiled;
  };
  const begin = ([head, tail]: readonly Program[], states?: readonly SegmentState[]): Halves => {
    const start = ({ spec }: Program) => freshState(spec, initialWeights(spec.part.layers, 3));
    return [head.createSegment(states?.[0] ?? start(head)), tail.createSegment(states?.[1] ?? start(tail))];
  };
  const batches = async (model: ModelName, first: number): Promise<readonly Batch[]> => {
    const numSteps = numStepsOf(model);
    const dataset = await firstDigits((first + numSteps) * BATCH_SIZE, 1);
    const input = inputFormat(dataset, models[model](dataset.shape));
    return Array.from({ length: numSteps }, (_, step) => {
      const rows = Uint32Array.from({ length: BATCH_SIZE }, (__, row) => (first + step) * BATCH_SIZE + row);
      return {
        x_BCHW: gatherPictures(dataset.train, rows, input),
        labels_B: gatherLabels(dataset.train, rows),
      };
    });
  };
  const train = async ([head, tail]: Halves, given: readonly Batch[]): Promise<readonly number[]> => {
    const losses: number[] = [];
    for (const { x_BCHW, labels_B } of given) {
      const { logits_BK, dx_BI } = await tail.lossGradient(await head.forward(x_BCHW), labels_B);
      await tail.update();
      await head.backward(dx_BI!);
      losses.push(tally(logits_BK.data, labels_B).lossSum / BATCH_SIZE);
    }
    return losses;
  };
  const expectSameLosses = (got: readonly number[], want: readonly number[], tolerance: number) => {
    const differences = got.map((loss, step) => Math.abs(loss - want[step]) / want[step]);
    expect(Math.max(...differences), 'largest relative difference of a loss').to.be.at.most(tolerance);
  };

  const pairs = [
    ['onnxruntime', 'tensorflow'],
    ['tensorflow', 'onnxruntime'],
  ] as const;
  for (const model of modelNames)
    for (const optimizer of [sgd, adam]) {
      const tolerance = optimizer.name === 'sgd' ? 1e-4 : 1e-3;
      for (const [first, second] of pairs) {
        it(`${model}, ${optimizer.name}: trained in ${first}, then in ${second}`, async () => {
          const before = begin(await compile(model, optimizer, [first, first]));
          await train(before, await batches(model, 0));
          const states = before.map((half) => half.exportState());
          const after = begin(await compile(model, optimizer, [second, second]), states);
          const next = await batches(model, numStepsOf(model));
          expectSameLosses(await train(after, next), await train(before, next), tolerance);
        });

        it(`${model}, ${optimizer.name}: a head on ${first} talks to a tail on ${second}`, async () => {
          const given = await batches(model, 0);
          const mixed = await train(begin(await compile(model, optimizer, [first, second])), given);
          const alone = await train(begin(await compile(model, optimizer, [first, first])), given);
          expect(mixed).not.to.deep.equal(alone);
          expectSameLosses(mixed, alone, tolerance);
        });
      }
    }
});
