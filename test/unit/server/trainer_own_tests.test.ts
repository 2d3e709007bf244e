import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainEvent } from '../../../src/core/events.js';
import { optimizerMeans, type OptimizerMean } from '../../../src/engine/mean_state.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { handoffs } from '../../../src/link/messages.js';
import { adam } from '../../support/cluster_training.js';
import { outline } from '../../support/outline.js';
import { compilerOf } from '../../support/segments.js';
import {
  openSmallTraining,
  trainToEnd,
  type SmallTraining,
  type SmallTrainingOptions,
} from '../../support/small_training.js';

/** Of each client. */
const TEST_SIZES = [5, 3, 2, 4];

describe('train, where every client has test rows of its own', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const train = async (options: SmallTrainingOptions, hasOwnTests = true) => {
    const training = await openSmallTraining(compile, options);
    const events: TrainEvent[] = [];
    const { links } = training.parts;
    const parts = { ...training.parts, hasOwnTests, testSizes: TEST_SIZES.slice(0, links.length) };
    const result = await trainToEnd(parts, (event) => events.push(event));
    return { ...training, ...result, events };
  };

  it('the mean goes to all for their tests, and from there into the next round', async () => {
    const { events, holders } = await train({ mode: 'splitfed_v1', shardSizes: [6, 4] });
    expect(outline(events)).to.deep.equal([
      'step 0 client 0',
      'step 1 client 1',
      'step 2 client 0',
      'visit client 0 after 3',
      'visit client 1 after 3',
      'average of 2 at 1 after 3',
      'hand_over 1-0 after 3',
      'evaluation client 0 after 3',
      'evaluation client 1 after 3',
      'round 0 after 3',
      'step 3 client 0',
      'step 4 client 1',
      'step 5 client 0',
      'visit client 0 after 6',
      'visit client 1 after 6',
      'average of 2 at 1 after 6',
      'hand_over 1-0 after 6',
      'evaluation client 0 after 6',
      'evaluation client 1 after 6',
      'round 1 after 6',
    ]);
    expect(holders).to.deep.equal([0, 1]);
  });

  it('so does the head of the ring', async () => {
    const { events, holders } = await train({ shardSizes: [4, 4] });
    expect(outline(events.slice(0, 9))).to.deep.equal([
      'step 0 client 0',
      'visit client 0 after 1',
      'hand_over 0-1 after 1',
      'step 1 client 1',
      'visit client 1 after 2',
      'hand_over 1-0 after 2',
      'evaluation client 0 after 2',
      'evaluation client 1 after 2',
      'round 0 after 2',
    ]);
    expect(holders).to.deep.equal([0, 1]);
  });

  for (const mode of ['sequential', 'splitfed_v2'] as const) {
    it(`${mode}: every score is of all rows together, and each client's of its own`, async () => {
      const { events, summary, clients } = await train({ mode, shardSizes: [6, 4, 9] });
      const last = events.filter((event) => event.type === 'evaluation').slice(-3);
      expect(last.map(({ rows }) => rows)).to.deep.equal(TEST_SIZES.slice(0, 3));
      const mean = (key: 'loss' | 'accuracy') =>
        last.reduce((sum, each) => sum + each.rows * each[key], 0) / (5 + 3 + 2);
      expect(summary.loss).to.be.closeTo(mean('loss'), 1e-12);
      expect(summary.accuracy).to.be.closeTo(mean('accuracy'), 1e-12);
      expect(summary.clients.map(({ loss }) => loss)).to.deep.equal(last.map(({ loss }) => loss));
      expect(clients.map((report) => report?.rows)).to.deep.equal([5, 3, 2]);
      const rounds = events.filter((event) => event.type === 'round');
      expect(rounds.at(-1)?.test.loss).to.equal(summary.loss);
    });
  }

  it('a client whose last visit is left out keeps the test that it had, which does not count in the end', async () => {
    const { summary, holders, overall } = await train({
      mode: 'splitfed_v1',
      shardSizes: [6, 4, 9],
      schedule: { skippedVisits: ['1@1'] },
    });
    expect(holders).to.deep.equal([0, 2]);
    expect(overall.rows).to.equal(5 + 2);
    expect(summary.clients[1].loss).to.be.a('number');
  });

  describe('changes no bit of what is trained', () => {
    const variants: readonly SmallTrainingOptions[] = [
      ...handoffs.map((handoff) => ({ mode: 'sequential', handoff }) as const),
      ...(['splitfed_v1', 'splitfed_v2'] as const).flatMap((mode) =>
        optimizerMeans.map((splitfedOptimizer: OptimizerMean) => ({ mode, splitfedOptimizer })),
      ),
    ].flatMap((variant) => [false, true].map((isUShaped) => ({ ...variant, isUShaped })));

    for (const variant of variants) {
      for (const clientFraction of [1, 0.5]) {
        it(`${JSON.stringify(variant)}, ${clientFraction} of the clients a round`, async () => {
          const schedule = { numEpochs: 4, clientFraction };
          const options = { ...variant, optimizer: adam, shardSizes: [6, 4, 9, 5], schedule };
          const [own, common] = [await train(options), await train(options, false)];
          expect(common.holders).to.have.length(1);
          expect(own.holders.length).to.be.above(2);
          const [wanted] = await partsOf(common);
          for (const parts of await partsOf(own)) expect(parts).to.deep.equal(wanted);
          const losses = ({ events }: { readonly events: readonly TrainEvent[] }) =>
            events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
          expect(losses(own)).to.deep.equal(losses(common));
        });
      }
    }
  });
});

/** By client that has it: SHA-256 of the final head; and the tail. */
async function partsOf({
  links,
  tails,
  holders,
  setup,
}: Pick<SmallTraining, 'links' | 'tails' | 'setup'> & { readonly holders: readonly number[] }): Promise<
  readonly unknown[]
> {
  const folder = await mkdtemp(join(tmpdir(), 'bloom-split-'));
  const tail = await tails.exportWeights();
  try {
    return await Promise.all(
      holders.map(async (client) => {
        const paths = setup.segments.map((_, segment) => join(folder, `${client}_${segment}.safetensors`));
        const receipts = await links[client].saveHead({ paths });
        return { head: receipts.map(({ sha256 }) => sha256), tail };
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
