import { expect } from 'chai';
import { numSlots } from '../../src/engine/optimizer.js';
import { framesOf } from '../../src/planner/frames.js';
import { possibleParts } from '../../src/planner/placed_parts.js';
import { predictTraffic, type TrafficOptions } from '../../src/planner/predict_traffic.js';
import { ringSchedule } from '../../src/server/ring_schedule.js';
import { trainRing } from '../../src/server/trainer.js';
import { adam, firstDigits, planTraining, sgd, withCluster } from '../support/cluster_training.js';
import { countedLinks } from '../support/counted_links.js';

/** Row numbers; shards of 37, 16 and 5 rows with batches of 8 end in batches of 5, 8 and 5. */
const shards = [
  Uint32Array.from({ length: 37 }, (_, row) => row),
  Uint32Array.from({ length: 16 }, (_, row) => 37 + row),
  Uint32Array.from({ length: 5 }, (_, row) => 53 + row),
];
const NUM_TEST_ROWS = 260;

type Change = Partial<Omit<TrafficOptions, 'frames' | 'shardSizes' | 'numTestRows'>> & {
  readonly numThreads?: number;
  readonly handoff?: 'weights' | 'weights_and_optimizer';
  readonly optimizer?: typeof sgd;
};

const cases: Readonly<Record<string, Change>> = {
  'one thread': { numThreads: 1 },
  'three threads': { numThreads: 3 },
  'Adam, whose state is two vectors': { optimizer: adam },
  'weights alone are handed over': { handoff: 'weights' },
  'two passes a visit': { localEpochs: 2 },
  'an end inside a visit': { maxSteps: 11 },
  'visits left out': { skippedVisits: ['2@0', '0@1'] },
  'tests for the forgetting matrix, every visit': { forgetting: { when: 'every_visit', numRows: 30 } },
  'tests for the forgetting matrix, every round': { forgetting: { when: 'every_round', numRows: 30 } },
};

describe('predictTraffic against the links of real trainings', () => {
  for (const [what, change] of Object.entries(cases)) {
    it(`${what}: every frame and byte`, async () => {
      const { numThreads = 2, handoff = 'weights_and_optimizer', optimizer = sgd, ...options } = change;
      const dataset = await firstDigits(58, NUM_TEST_ROWS);
      const given = { dataset, numClients: 3, shards, numThreads, headOptimizer: optimizer };
      const planned: Omit<TrafficOptions, 'frames'> = {
        shardSizes: shards.map(({ length }) => length),
        batchSize: 8,
        numEpochs: 2,
        localEpochs: 1,
        maxSteps: 0,
        skippedVisits: [],
        numTestRows: NUM_TEST_ROWS,
        forgetting: { when: 'off', numRows: 0 },
        ...options,
      };
      const { forgetting } = planned;
      const training = planTraining({
        ...given,
        forgettingRows: Uint32Array.from({ length: forgetting.numRows }, (_, row) => row),
      });
      const parts = { ...training.parts, handoff, forgetting, schedule: ringSchedule(planned) };
      const counts = await withCluster({ ...training, parts }, async ({ links, tail }) => {
        const counted = countedLinks(links);
        const run = trainRing({ ...parts, links: counted.links, tail });
        while (!(await run.next()).done);
        return counted.counts;
      });

      const { network, split } = training.options;
      const placed = possibleParts(network, false).find(({ cut }) => cut === split.cut)!;
      const slots = { head: numSlots[optimizer.name], tail: numSlots.sgd };
      const frames = framesOf(placed, slots, handoff === 'weights_and_optimizer');
      const predicted = predictTraffic('sequential', { ...planned, frames });
      for (const [client, { amounts }] of predicted.entries()) {
        const present = Object.entries(amounts).filter(([, { frames: n, bytes }]) => n > 0 || bytes > 0);
        expect(Object.fromEntries(counts[client]), `client ${client}`).to.deep.equal(
          Object.fromEntries(present),
        );
      }
    });
  }
});
