import { expect } from 'chai';
import { ClientLostError } from '../../../src/core/errors.js';
import type { TrainEvent } from '../../../src/core/events.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { ClientService } from '../../../src/link/messages.js';
import { train as trainAll } from '../../../src/server/trainer.js';
import { rejection } from '../../support/link_errors.js';
import {
  changing,
  NUM_TEST_ROWS,
  openSmallTraining,
  trainToEnd,
  type SmallTraining,
  type SmallTrainingOptions,
} from '../../support/small_training.js';
import { outline } from '../../support/outline.js';
import { compilerOf } from '../../support/segments.js';

describe('train', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const open = (options?: SmallTrainingOptions) => openSmallTraining(compile, options);
  const train = async ({ parts }: SmallTraining) => {
    const events: TrainEvent[] = [];
    return { events, ...(await trainToEnd(parts, (event) => events.push(event))) };
  };

  it('tells what happens in order: shards of 6 and 4 rows, batches of 4, 2 rounds', async () => {
    const { events } = await train(await open({ shardSizes: [6, 4] }));
    expect(outline(events)).to.deep.equal([
      'step 0 client 0',
      'step 1 client 0',
      'visit client 0 after 2',
      'hand_over 0-1 after 2',
      'step 2 client 1',
      'visit client 1 after 3',
      'evaluation client 1 after 3',
      'round 0 after 3',
      'hand_over 1-0 after 3',
      'step 3 client 0',
      'step 4 client 0',
      'visit client 0 after 5',
      'evaluation client 0 after 5',
      'hand_over 0-1 after 5',
      'step 5 client 1',
      'visit client 1 after 6',
      'evaluation client 1 after 6',
      'round 1 after 6',
    ]);
  });

  it('tests each client at the end of its last visit, and at the end of every round', async () => {
    const schedule = { numEpochs: 2, localEpochs: 2 };
    const { events, summary } = await train(await open({ shardSizes: [4, 4, 4], schedule }));
    const evaluations = events.filter(({ type }) => type === 'evaluation');
    expect(outline(evaluations)).to.deep.equal([
      'evaluation client 0 after 2',
      'evaluation client 1 after 4',
      'evaluation client 2 after 6',
    ]);
    for (const [client, event] of evaluations.entries()) {
      expect(event).to.include({ rows: NUM_TEST_ROWS });
      expect(event).to.deep.include({ loss: summary.clients[client].loss });
    }
  });

  it('tests for the forgetting matrix after every visit, or after every round', async () => {
    const forgettingOf = async (when: 'every_visit' | 'every_round') => {
      const ring = await open({ shardSizes: [4, 4] });
      const { events } = await train({
        ...ring,
        parts: { ...ring.parts, forgetting: { when, numRows: ring.setup.forgettingRows.length } },
      });
      return events.filter((event) => event.type === 'forgetting');
    };
    expect(outline(await forgettingOf('every_visit'))).to.deep.equal([
      'forgetting client 0 after 1',
      'forgetting client 1 after 2',
      'forgetting client 0 after 3',
      'forgetting client 1 after 4',
    ]);
    const perRound = await forgettingOf('every_round');
    expect(outline(perRound)).to.deep.equal(['forgetting client 1 after 2', 'forgetting client 1 after 4']);
    // A sample of two rows: a class has one of them, both or none.
    for (const { class_accuracy } of perRound) {
      expect(class_accuracy).to.have.length(3);
      expect(class_accuracy.filter((accuracy) => accuracy !== null)).to.have.length.within(1, 2);
    }
  });

  it('gives the last test of every client in full, and of the final head and tail', async () => {
    const { overall, clients, summary } = await train(await open({ shardSizes: [4, 4] }));
    expect(overall).to.equal(clients[1]);
    for (const [client, report] of clients.entries()) {
      const { loss, accuracy, weighted_f1 } = report!;
      expect(summary.clients[client]).to.include({ loss, accuracy, weighted_f1 });
      expect(report!.confusion.flat().reduce((sum, count) => sum + count, 0)).to.equal(NUM_TEST_ROWS);
    }
  });

  it('means of a visit and of a round are over rows, not batches', async () => {
    const { events } = await train(await open({ shardSizes: [6, 5], schedule: { numEpochs: 1 } }));
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ rows }) => rows)).to.deep.equal([4, 2, 4, 1]);
    const mean = (some: typeof steps, key: 'loss' | 'accuracy') => {
      const numRows = some.reduce((sum, { rows }) => sum + rows, 0);
      return some.reduce((sum, step) => sum + step.rows * step[key], 0) / numRows;
    };
    const visits = events.filter((event) => event.type === 'visit');
    const round = events.find((event) => event.type === 'round')!;
    for (const key of ['loss', 'accuracy'] as const) {
      expect(visits[0][key]).to.be.closeTo(mean(steps.slice(0, 2), key), 1e-12);
      expect(visits[1][key]).to.be.closeTo(mean(steps.slice(2), key), 1e-12);
      expect(round.train[key]).to.be.closeTo(mean(steps, key), 1e-12);
    }
    expect(visits.map(({ rows }) => rows)).to.deep.equal([6, 5]);
    expect(round.rows).to.equal(11);
  });

  it('the summary has the last test, all rows, and a null score for a client that was never visited', async () => {
    const ring = await open({ shardSizes: [6, 4, 9], schedule: { maxSteps: 3 } });
    const { events, summary } = await train(ring);
    const last = events.filter((event) => event.type === 'evaluation').at(-1)!;
    const { loss, accuracy } = last;
    expect(summary).to.deep.include({ steps: 3, rows: 10, loss, accuracy });
    expect(summary.clients.map(({ client, rows }) => [client, rows])).to.deep.equal([
      [0, 6],
      [1, 4],
      [2, 9],
    ]);
    expect(summary.clients[0].loss).to.be.a('number');
    expect(summary.clients[1]).to.deep.include({ loss, accuracy });
    expect(summary.clients[2]).to.deep.include({ loss: null, accuracy: null });
  });

  it('learns', async () => {
    const { events } = await train(await open({ schedule: { numEpochs: 20 } }));
    const rounds = events.filter((event) => event.type === 'round');
    expect(rounds).to.have.length(20);
    expect(rounds.at(-1)!.train.loss).to.be.lessThan(rounds[0].train.loss / 2);
  });

  it('does no more than it is asked for, and can be left at any event', async () => {
    const calls: string[] = [];
    const ring = await open({
      around: (service) =>
        changing(service, (inner) => ({
          trainStep: (request) => {
            calls.push(`trainStep ${request.step}`);
            return inner.trainStep(request);
          },
        })),
    });
    const trainer = trainAll(ring.parts);
    expect((await trainer.next()).value).to.deep.include({ type: 'step', step: 0 });
    await trainer.return(undefined as never);
    expect(calls).to.deep.equal(['trainStep 0']);
    expect((await trainer.next()).done).to.equal(true);
  });

  it('hands over the weights and the optimiser, or the weights alone', async () => {
    // conv: 2 x 1 x 3 x 3 weights and 2 biases; SGD has one slot.
    const bytes = { weights_and_optimizer: 2 * 4 * 20, weights: 4 * 20 };
    for (const handoff of ['weights_and_optimizer', 'weights'] as const) {
      const { events } = await train(await open({ handoff }));
      const sizes = events.flatMap((event) => (event.type === 'hand_over' ? [event.bytes] : []));
      expect(sizes).to.deep.equal(Array(5).fill(bytes[handoff]));
    }
  });

  it('with handoff weights, every visit starts with a fresh optimiser, a lone client included', async () => {
    const fresh: boolean[] = [];
    const around = (service: ClientService) =>
      changing(service, (inner) => ({
        startVisit: (request) => {
          fresh.push(request.isOptimizerFresh);
          return inner.startVisit(request);
        },
      }));
    await train(await open({ shardSizes: [4], handoff: 'weights', around }));
    await train(await open({ shardSizes: [4], around }));
    expect(fresh).to.deep.equal([true, true, false, false]);
  });

  it('a client that dies while the tail works on its test is a lost client, not an uncaught rejection', async () => {
    const lost = new Error('its thread ended');
    let ring: SmallTraining | undefined;
    let numTests = 0;
    const around = (service: ClientService) =>
      changing(service, (inner) => ({
        testActivations: (request) => {
          // The second message was asked for ahead: the client dies before the tail is done with the first.
          if (++numTests === 2) ring?.die[0](lost);
          return inner.testActivations({ ...request, firstRow: 0, numRows: NUM_TEST_ROWS });
        },
      }));
    ring = await open({ shardSizes: [4], schedule: { numEpochs: 1 }, around });
    const parts = { ...ring.parts, testSizes: ring.parts.testSizes.map(() => 600) };
    const error = await rejection(trainToEnd(parts), ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.message).to.include('client 0: testActivations');
    expect(numTests).to.equal(2);
  });
});
