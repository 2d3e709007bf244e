import { expect } from 'chai';
import { onnxruntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { scheduleOf, type ScheduleOptions } from '../../../../src/server/schedule.js';
import { schemes, type Mode } from '../../../../src/server/schemes/registry.js';
import { parcelsOf, pathOf } from '../../../../src/server/sharing/parcels.js';
import { openSmallTraining, trainToEnd } from '../../../support/small_training.js';
import { compilerOf } from '../../../support/segments.js';

describe('pathOf', () => {
  it('goes from the holder once round the others', () => {
    expect(pathOf(2, [0, 1, 2, 3])).to.deep.equal([2, 0, 1, 3]);
    expect(pathOf(5, [0, 1])).to.deep.equal([5, 0, 1]);
    expect(pathOf(0, [0])).to.deep.equal([0]);
  });

  it('is empty where nobody has a head', () => {
    expect(pathOf(null, [0, 1])).to.deep.equal([]);
    expect(pathOf(undefined, [0, 1])).to.deep.equal([]);
  });
});

describe('parcelsOf', () => {
  /** Shards of 6, 4 and 9 rows in batches of 4: 2, 1 and 3 batches a round. */
  const parcels = (mode: Mode, change: Partial<ScheduleOptions> = {}, hasOwnTests = false) => {
    const scheme = schemes[mode];
    const schedule = scheduleOf({
      scheme,
      numEpochs: 2,
      localEpochs: 1,
      batchSize: 4,
      shardSizes: [6, 4, 9],
      clientFraction: 1,
      seed: 0,
      maxSteps: 0,
      skippedVisits: [],
      ...change,
    });
    return parcelsOf(scheme, { schedule, hasOwnTests }).map(
      ({ client, step, parcel }) => `${parcel} of ${client} after ${step}`,
    );
  };

  it('of a ring: a head between two visits of different clients', () => {
    expect(parcels('sequential')).to.deep.equal([
      'head of 0 after 2',
      'head of 1 after 3',
      'head of 2 after 6',
      'head of 0 after 8',
      'head of 1 after 9',
    ]);
    expect(parcels('sequential', { skippedVisits: ['0@0', '1@0', '0@1', '1@1'] })).to.deep.equal([]);
  });

  it('of averaged heads: sums after a turn, and the mean from the last client to the others before the next', () => {
    const wanted = [
      'sum of 0 after 6',
      'sum of 1 after 6',
      'head of 2 after 6',
      'head of 0 after 6',
      'sum of 0 after 12',
      'sum of 1 after 12',
    ];
    expect(parcels('splitfed_v1')).to.deep.equal(wanted);
    expect(parcels('splitfed_v2')).to.deep.equal(wanted);
  });

  it('of averaged heads with a holder that takes no part: it sends the mean', () => {
    expect(parcels('splitfed_v1', { skippedVisits: ['2@1'] })).to.deep.equal([
      'sum of 0 after 6',
      'sum of 1 after 6',
      'head of 2 after 6',
      'head of 0 after 6',
      'sum of 0 after 9',
    ]);
  });

  it('where test rows are own: the head also goes round for the tests, and only to others before the next turn', () => {
    expect(parcels('sequential', {}, true)).to.deep.equal([
      'head of 0 after 2',
      'head of 1 after 3',
      ...['head of 2 after 6', 'head of 0 after 6'],
      'head of 0 after 8',
      'head of 1 after 9',
      ...['head of 2 after 12', 'head of 0 after 12'],
    ]);
    expect(parcels('splitfed_v1', { skippedVisits: ['1@0'] }, true)).to.deep.equal([
      'sum of 0 after 5',
      // 2 tests, then 0, which has the head from there, gives it to 1.
      ...['head of 2 after 5', 'head of 0 after 5'],
      ...['sum of 0 after 11', 'sum of 1 after 11'],
      ...['head of 2 after 11', 'head of 0 after 11'],
    ]);
  });

  it('of heads that nobody shares: none', () => {
    for (const mode of ['parallel', 'local', 'central'] as const) {
      expect(parcels(mode)).to.deep.equal([]);
      expect(parcels(mode, {}, true)).to.deep.equal([]);
    }
  });

  describe('are those of a training', () => {
    const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
    const variants = (['sequential', 'splitfed_v1', 'splitfed_v2'] as const).flatMap((mode) =>
      [false, true].map((hasOwnTests) => ({ mode, hasOwnTests })),
    );
    for (const { mode, hasOwnTests } of variants) {
      it(`${mode}${hasOwnTests ? ', test rows of their own' : ''}`, async () => {
        const schedule = { numEpochs: 4, clientFraction: 0.5 };
        const small = await openSmallTraining(compile, { mode, shardSizes: [4, 4, 4, 4, 4], schedule });
        const parts = { ...small.parts, hasOwnTests };
        const sent: string[] = [];
        const links = parts.links.map((link, client) => ({
          ...link,
          sendHead: (request: Parameters<typeof link.sendHead>[0]) => {
            sent.push(`head of ${client} after ${request.step}`);
            return link.sendHead(request);
          },
          averageHead: (request: Parameters<typeof link.averageHead>[0]) => {
            if (request.to !== null) sent.push(`sum of ${client} after ${request.step}`);
            return link.averageHead(request);
          },
        }));
        await trainToEnd({ ...parts, links });
        expect(sent).to.have.length.greaterThan(3);
        const planned = parcelsOf(parts.scheme, parts);
        expect(sent).to.deep.equal(
          planned.map(({ client, step, parcel }) => `${parcel} of ${client} after ${step}`),
        );
        // A fault names one of them by these.
        expect(new Set(sent).size).to.equal(sent.length);
      });
    }
  });
});
