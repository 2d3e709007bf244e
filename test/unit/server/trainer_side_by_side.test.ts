import { expect } from 'chai';
import { ClientLostError } from '../../../src/core/errors.js';
import type { TrainEvent } from '../../../src/core/events.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { ClientService } from '../../../src/link/messages.js';
import { rejection } from '../../support/link_errors.js';
import { outline } from '../../support/outline.js';
import {
  changing,
  openSmallTraining,
  trainToEnd,
  type SmallTraining,
  type SmallTrainingOptions,
} from '../../support/small_training.js';
import { compilerOf } from '../../support/segments.js';

describe('train, clients side by side', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const open = (options?: SmallTrainingOptions) => openSmallTraining(compile, options);
  const train = async ({ parts }: SmallTraining) => {
    const events: TrainEvent[] = [];
    return { events, ...(await trainToEnd(parts, (event) => events.push(event))) };
  };

  it('tells what happens in order: shards of 6 and 4 rows, heads of their own', async () => {
    for (const mode of ['parallel', 'local'] as const) {
      const { events, summary, holders } = await train(await open({ mode, shardSizes: [6, 4] }));
      const round = [
        'step 0 client 0',
        'step 1 client 1',
        'step 2 client 0',
        'visit client 0 after 3',
        'visit client 1 after 3',
        'evaluation client 0 after 3',
        'evaluation client 1 after 3',
        'round 0 after 3',
      ];
      expect(outline(events.slice(0, round.length)), mode).to.deep.equal(round);
      expect(outline(events).slice(-3)).to.deep.equal([
        'evaluation client 0 after 6',
        'evaluation client 1 after 6',
        'round 1 after 6',
      ]);
      const last = events.filter((event) => event.type === 'evaluation').slice(-2);
      expect(summary.clients.map(({ loss }) => loss)).to.deep.equal(last.map(({ loss }) => loss));
      expect(summary.loss).to.be.closeTo((last[0].loss + last[1].loss) / 2, 1e-12);
      expect(holders).to.deep.equal([0, 1]);
    }
  });

  it('tells what happens in order where heads are averaged', async () => {
    const { events, summary, holders } = await train(await open({ mode: 'splitfed_v1', shardSizes: [6, 4] }));
    expect(outline(events)).to.deep.equal([
      'step 0 client 0',
      'step 1 client 1',
      'step 2 client 0',
      'visit client 0 after 3',
      'visit client 1 after 3',
      'average of 2 at 1 after 3',
      'evaluation client 1 after 3',
      'round 0 after 3',
      'hand_over 1-0 after 3',
      'step 3 client 0',
      'step 4 client 1',
      'step 5 client 0',
      'visit client 0 after 6',
      'visit client 1 after 6',
      'average of 2 at 1 after 6',
      'evaluation client 1 after 6',
      'round 1 after 6',
    ]);
    expect(summary.clients.map(({ loss }) => loss)).to.deep.equal([summary.loss, summary.loss]);
    expect(holders).to.deep.equal([1]);
    // Of the one sum: 20 parameters of 8 bytes.
    const sizes = events.flatMap((event) => (event.type === 'average' ? [event.bytes] : []));
    expect(sizes).to.deep.equal([160, 160]);
  });

  it('means of a visit and of a round are over rows', async () => {
    const ring = await open({ mode: 'parallel', shardSizes: [6, 4], schedule: { numEpochs: 1 } });
    const { events } = await train(ring);
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ rows }) => rows)).to.deep.equal([4, 4, 2]);
    const [first, second] = events.filter((event) => event.type === 'visit');
    const round = events.find((event) => event.type === 'round')!;
    expect([first.rows, second.rows, round.rows]).to.deep.equal([6, 4, 10]);
    expect(first.loss).to.be.closeTo((4 * steps[0].loss + 2 * steps[2].loss) / 6, 1e-12);
    expect(second.loss).to.be.closeTo(steps[1].loss, 1e-12);
    expect(round.train.loss).to.be.closeTo((6 * first.loss + 4 * second.loss) / 10, 1e-12);
  });

  it('a client that dies is heard of while another one, which never answers, is waited for', async () => {
    let ring: SmallTraining | undefined;
    const around = (service: ClientService, client: number) =>
      changing(service, () =>
        client === 0
          ? {
              trainStep: () => {
                ring?.die[2](new Error('its thread ended'));
                return new Promise(() => undefined);
              },
            }
          : {},
      );
    ring = await open({ mode: 'parallel', shardSizes: [8, 8, 8], around });
    const error = await rejection(trainToEnd(ring.parts), ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.details).to.deep.include({ client: 2 });
  });

  for (const mode of ['parallel', 'splitfed_v1', 'splitfed_v2', 'local'] as const) {
    it(`takes a pause between two local steps, while nobody works, and nothing changes by it: ${mode}`, async () => {
      let numUnderWay = 0;
      const counted = async <T>(work: Promise<T>): Promise<T> => {
        numUnderWay++;
        return await work.finally(() => numUnderWay--);
      };
      const around = (service: ClientService) =>
        changing(service, (inner) => ({
          startVisit: (request) => counted(inner.startVisit(request)),
          trainStep: (request) => counted(inner.trainStep(request)),
          trainAlone: (request) => counted(inner.trainAlone(request)),
        }));
      const options = { mode, shardSizes: [10, 4, 7], schedule: { numEpochs: 1 } };
      const { parts } = await open({ ...options, around });
      const paused: number[] = [];
      const events: TrainEvent[] = [];
      await trainToEnd(
        {
          ...parts,
          pause: {
            reached: () => undefined,
            isDue: ({ stepsInTurn }) => stepsInTurn > 0,
            take: ({ stepsInTurn }) => {
              expect(numUnderWay).to.equal(0);
              paused.push(stepsInTurn);
              return Promise.resolve();
            },
          },
        },
        (event) => events.push(event),
      );
      // Local steps of 3, 2 and 1 batches; of clients that do not wait for one tail several are under way, and are finished.
      const ends = [3, 5, 6];
      if (mode === 'parallel' || mode === 'splitfed_v2') expect(paused).to.deep.equal(ends);
      expect(ends).to.include.members(paused);
      expect(paused.at(-1)).to.equal(6);
      expect(events).to.deep.equal((await train(await open(options))).events);
    });
  }
});
