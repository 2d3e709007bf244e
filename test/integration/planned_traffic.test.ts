import { expect } from 'chai';
import type { StepEvent } from '../../src/core/events.js';
import { noProgress } from '../../src/core/progress.js';
import type { ClientTraffic as MeasuredTraffic } from '../../src/core/costs.js';
import { configFrom } from '../../src/config/load.js';
import { planRun } from '../../src/cli/plan.js';
import { plannedTraffic } from '../../src/cli/planned_cuts.js';
import type { ClientTraffic } from '../../src/planner/traffic.js';
import type { RunSummary } from '../../src/report/sink.js';
import { modes, type Mode } from '../../src/server/schemes/registry.js';
import { removeRuns, resumeHere, trainHere } from '../support/run_in_process.js';

/** Unequal shards, whose last batches are smaller. */
const small = {
  model: 'lenet',
  engine: 'onnxruntime',
  max_samples: 60,
  n_workers: 3,
  n_threads: 2,
  data_split: 'num_samples',
  samples_sigma: 0.5,
  min_samples: 5,
  batch_size: 8,
  n_epochs: 2,
  forgetting: 'off',
} as const;

const splitting = ['sequential', 'parallel', 'splitfed_v1', 'splitfed_v2'] as const;
/** Where heads move. */
const sharing = ['sequential', 'splitfed_v1', 'splitfed_v2'] as const;
const uShaped = { u_shaped: true, cut: 'pool1', cut_back: 'fc2' } as const;

/** With modes that they go with; every other one U-shaped. */
const variants: readonly (readonly [what: string, options: object, ofModes: readonly Mode[]])[] = [
  ['one thread', { n_threads: 1 }, splitting],
  [
    'three threads, Adam, whose state is two vectors',
    { n_threads: 3, 'optimizer.head.name': 'adam', 'optimizer.tail.name': 'adam' },
    splitting,
  ],
  ['two passes a visit', { local_epochs: 2 }, sharing],
  ['an end inside a local step', { max_steps: 5 }, splitting],
  ['visits left out', { skip_visits: '2@0,0@1' }, splitting],
  ['half of the clients a round', { n_workers: 4, client_fraction: 0.5, n_epochs: 4 }, splitting],
  ['tests for the forgetting matrix', { forgetting: 'every_round', forgetting_samples: 30 }, sharing],
];

const cases: readonly (readonly [what: string, options: object])[] = [
  ...modes.map((mode) => [mode, { mode }] as const),
  ...splitting.map((mode) => [`${mode}, U-shaped`, { mode, ...uShaped }] as const),
  ...variants.flatMap(([what, change, ofModes]) =>
    ofModes.map(
      (mode, index) => [`${mode}, ${what}`, { mode, ...(index % 2 ? uShaped : {}), ...change }] as const,
    ),
  ),
  ['sequential, weights handed over', { handoff: 'weights' }],
  ['sequential, U-shaped, weights handed over', { handoff: 'weights', ...uShaped }],
  [
    'sequential, tests for forgetting after every visit',
    { forgetting: 'every_visit', forgetting_samples: 30 },
  ],
  ['sequential, test rows in several messages', { max_samples: 260, batch_size: 64, n_epochs: 1 }],
  ...(['reset', 'average', 'keep'] as const).flatMap((optimizer) =>
    [{}, uShaped].map(
      (shape) =>
        [
          `SplitFed, optimisers ${optimizer}${'u_shaped' in shape ? ', U-shaped' : ''}`,
          {
            mode: 'splitfed_v1',
            splitfed_optimizer: optimizer,
            client_fraction: 0.7,
            n_epochs: 3,
            'optimizer.head.name': 'adam',
            ...shape,
          },
        ] as const,
    ),
  ),
];

describe('plannedTraffic against the ledger of real runs', () => {
  after(removeRuns);

  it('is of clients with unequal shards, whose last batches are smaller', async () => {
    const { partition } = await planRun(configFrom(small).config, noProgress);
    const sizes = partition.shards.map(({ length }) => length);
    expect(new Set(sizes).size).to.equal(3);
    expect(sizes.some((size) => size % small.batch_size > 0)).to.equal(true);
  });

  for (const [what, change] of cases) {
    it(`${what}: every frame, byte and round trip`, async () => {
      const options = { ...small, ...change };
      const predicted = await predictedOf(options);
      const { summary, error } = await trainHere(options);
      expect(error).to.equal(undefined);
      expectSame(summary, predicted);
      expect(summary!.repeated_bytes).to.equal(0);
    });
  }

  for (const mode of ['sequential', 'splitfed_v1'] as const) {
    it(`${mode}: a run that lost a client says what was repeated, and else the same`, async () => {
      const options = { ...small, mode, checkpoint_every: 2, checkpoint_min_s: 0 };
      const undisturbed = await trainHere(options);
      const last = undisturbed.events.findLast((event) => event.type === 'step' && event.client === 1);
      const { summary, error, warnings } = await trainHere({
        ...options,
        chaos: `kill=client1@step${(last as StepEvent).step}`,
      });
      expect(error).to.equal(undefined);
      expect(warnings).to.have.length(1);
      expect(summary!.traffic).to.deep.equal(undisturbed.summary!.traffic);
      expectSame(summary, await predictedOf(options));
      expect(summary!.repeated_bytes).to.be.above(0);
    });

    it(`${mode}: a run that was stopped and resumed has sent the same`, async () => {
      const options = { ...small, mode, ...uShaped };
      const stopped = await trainHere(options, { stopAfter: 7 });
      expect(stopped.summary).to.equal(undefined);
      const { summary, error } = await resumeHere(stopped.directory);
      expect(error).to.equal(undefined);
      expectSame(summary, await predictedOf(options));
    });
  }
});

async function predictedOf(options: object): Promise<readonly ClientTraffic[]> {
  const { config } = configFrom(options);
  return plannedTraffic(config, await planRun(config, noProgress));
}

/** By client, in the words of the ledger. */
function expectSame(summary: RunSummary | undefined, predicted: readonly ClientTraffic[]): void {
  const wanted = predicted.map(({ amounts, roundTrips }): MeasuredTraffic => ({
    flows: amounts,
    round_trips: roundTrips,
  }));
  expect(summary!.traffic.clients).to.deep.equal(wanted);
}
