import { expect } from 'chai';
import type { BloomError } from '../../../src/core/errors.js';
import { ClientLostError, NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import type { TrainEvent } from '../../../src/core/events.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { ActivationsMessage, ClientService } from '../../../src/link/messages.js';
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
import { compilerOf } from '../../support/segments.js';
import { expectSameBits } from '../../support/tensors.js';

describe('train', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const open = (options?: SmallTrainingOptions) => openSmallTraining(compile, options);
  const train = async ({ parts }: SmallTraining) => {
    const events: TrainEvent[] = [];
    return { events, ...(await trainToEnd(parts, (event) => events.push(event))) };
  };
  /** `step 0` is the first batch; other events tell the batches so far. */
  const outline = (events: readonly TrainEvent[]) =>
    events.map((event) => {
      switch (event.type) {
        case 'step':
          return `step ${event.step} client ${event.client}`;
        case 'hand_over':
          return `hand_over ${event.from}-${event.to} after ${event.steps}`;
        case 'average':
          return `average of ${event.clients} at ${event.holder} after ${event.steps}`;
        case 'round':
          return `round ${event.round} after ${event.steps}`;
        case 'visit':
        case 'evaluation':
        case 'forgetting':
          return `${event.type} client ${event.client} after ${event.steps}`;
        default:
          return event satisfies never;
      }
    });

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

  describe('refuses, before the tail changes, a client that sends', () => {
    type Change = (message: ActivationsMessage) => ActivationsMessage;
    interface Wrong {
      readonly change: Change;
      readonly ErrorType: new (...args: never[]) => BloomError;
      readonly code: string;
      readonly says: RegExp;
    }
    const view = (message: ActivationsMessage) => new Float32Array(message.z.data);
    const wrong: Readonly<Record<string, Wrong>> = {
      'another step': {
        change: (message) => ({ ...message, step: message.step + 1 }),
        ErrorType: ProtocolError,
        code: 'ERR_NOT_DUE',
        says: /^Client 0 sent step 2 of generation 3, but step 1 of generation 3 was due/,
      },
      'another generation': {
        change: (message) => ({ ...message, generation: 2 }),
        ErrorType: ProtocolError,
        code: 'ERR_NOT_DUE',
        says: /^Client 0 sent step 1 of generation 2/,
      },
      'another shape': {
        change: (message) => ({ ...message, z: { ...message.z, shape: [2, 31] } }),
        ErrorType: ShapeError,
        code: 'ERR_CUT_SHAPE',
        says: /^Client 0 sent \[2x31\] in 256 bytes, but the tail expects float32 \[2x32\]/,
      },
      'fewer values than its shape says': {
        change: (message) => ({ ...message, z: { ...message.z, data: message.z.data.slice(4) } }),
        ErrorType: ShapeError,
        code: 'ERR_CUT_SHAPE',
        says: /^Client 0 sent \[2x32\] in 252 bytes/,
      },
      'another number of labels than rows': {
        change: (message) => ({ ...message, labels: message.labels!.slice(4) }),
        ErrorType: ShapeError,
        code: 'ERR_LABEL',
        says: /^Client 0 sent labels of 4 bytes with 2 rows/,
      },
      'a label that is no class': {
        change: (message) => ({ ...message, labels: Int32Array.of(0, 3).buffer }),
        ErrorType: ShapeError,
        code: 'ERR_LABEL',
        says: /^Client 0 sent label 3, but the tail knows classes 0 to 2/,
      },
      'a negative label': {
        change: (message) => ({ ...message, labels: Int32Array.of(-1, 0).buffer }),
        ErrorType: ShapeError,
        code: 'ERR_LABEL',
        says: /^Client 0 sent label -1/,
      },
      'activations that are not finite': {
        change: (message) => {
          view(message)[40] = NaN;
          return message;
        },
        ErrorType: NumericError,
        code: 'ERR_NOT_FINITE',
        says: /^Tail, step 1 with client 0: .*not finite.* Lower `optimizer\.tail\.lr`/,
      },
      'activations that overflow': {
        change: (message) => {
          view(message).fill(Infinity);
          return message;
        },
        ErrorType: NumericError,
        code: 'ERR_NOT_FINITE',
        says: /^Tail, step 1 with client 0: .*not finite/,
      },
    };
    /** The tail after the first batch, which is good. */
    const tailAfterOne = async () => {
      const { parts, tails } = await open({ schedule: { maxSteps: 1 } });
      await trainToEnd(parts);
      return (await tails.exportWeights())!;
    };
    for (const [what, { change, ErrorType, code, says }] of Object.entries(wrong)) {
      it(what, async () => {
        // The second batch, of 2 rows, comes as the answer to the gradients of the first.
        const ring = await open({
          around: (service, client) =>
            changing(service, (inner) => ({
              trainStep: async (request) => {
                const message = await inner.trainStep(request);
                return message && client === 0 && request.step === 0 ? change(message) : message;
              },
            })),
        });
        const trainer = trainAll(ring.parts);
        expect((await trainer.next()).value).to.deep.include({ type: 'step', step: 0 });
        const error = await rejection(trainer.next(), ErrorType, code);
        expect(error.message).to.match(says);
        expect(error.details).to.deep.include(
          error instanceof NumericError ? { client: 0, step: 1 } : error.details,
        );
        expectSameBits((await ring.tails.exportWeights())!, await tailAfterOne(), 'the tail');
      });
    }

    it('fewer batches than its visit has', async () => {
      const ring = await open({
        around: (service) => changing(service, () => ({ trainStep: () => Promise.resolve(null) })),
      });
      const error = await rejection(train(ring), ProtocolError, 'ERR_NOT_DUE');
      expect(error.message).to.match(/^Client 0 sent no batch for step 1, though its visit is not over/);
      expect(error.details).to.deep.equal({ client: 0, step: 1 });
    });

    it('more batches than its visit has', async () => {
      const ring = await open({
        shardSizes: [4, 4],
        around: (service) =>
          changing(service, (inner) => ({
            trainStep: async (request) => {
              await inner.trainStep(request);
              const { generation, step, dz } = request;
              return { generation, step, z: dz, labels: new ArrayBuffer(16) };
            },
          })),
      });
      const error = await rejection(train(ring), ProtocolError, 'ERR_NOT_DUE');
      expect(error.message).to.match(/^Client 0 sent a batch after the last one of its visit/);
      expect(error.details).to.deep.equal({ client: 0 });
    });
  });

  it('a head that diverges stops with the client and the step', async () => {
    const diverging = { name: 'sgd', lr: 1e30, momentum: 0, weightDecay: 0 } as const;
    const error = await rejection(
      train(await open({ optimizer: diverging })),
      NumericError,
      'ERR_NOT_FINITE',
    );
    expect(error.message).to.match(/step \d+/);
    expect(error.details).to.have.keys('client', 'step');
  });

  it('refuses a hand-over of which the two sides tell different checksums', async () => {
    const ring = await open({
      around: (service) =>
        changing(service, (inner) => ({
          receiveHead: async (request) => ({ ...(await inner.receiveHead(request)), sha256: 'ab' }),
        })),
    });
    const error = await rejection(train(ring), ProtocolError, 'ERR_HAND_OVER');
    expect(error.message).to.match(/^Client 1 took a head with SHA-256 ab, but client 0 sent [0-9a-f]{64}/);
    expect(error.details).to.deep.equal({ from: 0, to: 1 });
  });

  it('refuses a hand-over whose receiver is told another round', async () => {
    const ring = await open({
      around: (service) =>
        changing(service, (inner) => ({
          receiveHead: (request) => inner.receiveHead({ ...request, round: request.round + 1 }),
        })),
    });
    const error = await rejection(train(ring), ProtocolError, 'ERR_HAND_OVER');
    expect(error.message).to.match(/^Client 1 refused the head from client 0: its round is 0 instead of 1/);
    await rejection(ring.clients[1].trainStep(gradients), ProtocolError, 'ERR_NOT_DUE');
    // Nothing was taken: client 1 has no head.
    await rejection(ring.links[1].saveHead({ paths: ['never'] }), ProtocolError, 'ERR_NOT_DUE');
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
    const parts = { ...ring.parts, numTestRows: 600 };
    const error = await rejection(trainToEnd(parts), ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.message).to.include('client 0: testActivations');
    expect(numTests).to.equal(2);
  });
});

const gradients = {
  generation: 3,
  step: 2,
  dz: { shape: [1, 32], dtype: 'float32', data: new ArrayBuffer(128) },
  nextStep: null,
} as const;
