import { expect } from 'chai';
import type { BloomError } from '../../../src/core/errors.js';
import { NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import type { ClassificationReport } from '../../../src/core/evaluation.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { ActivationsMessage } from '../../../src/link/messages.js';
import { train as trainAll } from '../../../src/server/trainer.js';
import { rejection } from '../../support/link_errors.js';
import {
  changing,
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
  const train = ({ parts }: SmallTraining) => trainToEnd(parts);

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

  describe('refuses a client that tests on its own and tells', () => {
    type Report = Record<string, unknown> & ClassificationReport;
    const wrong: Readonly<Record<string, (report: Report) => unknown>> = {
      nothing: () => null,
      'no classes': (report) => ({ ...report, classes: undefined }),
      'fewer classes': ({ classes, ...report }) => ({ ...report, classes: classes.slice(1) }),
      'a hole': ({ classes, ...report }) => ({
        ...report,
        classes: Object.assign(Array(3), { 0: classes[0] }),
      }),
      'other rows': (report) => ({ ...report, rows: report.rows + 1 }),
      'a loss that is not finite': (report) => ({ ...report, loss: Infinity }),
      'a score above 1': (report) => ({ ...report, weighted_f1: 2 }),
      'text for a score': (report) => ({ ...report, macro_f1: '1' }),
      'a class score that is no number': ({ classes, ...report }) => ({
        ...report,
        classes: classes.map((each) => ({ ...each, f1: NaN })),
      }),
      'no confusion matrix': (report) => ({ ...report, confusion: [[1]] }),
      'no curves': (report) => ({ ...report, curves: {} }),
      'a curve cut off': (report) => ({
        ...report,
        curves: { ...report.curves, micro: { recall: [0], precision: [1] } },
      }),
    };
    // In the ring the newest head is the last client's.
    for (const [name, { tester, ...options }] of Object.entries({
      'U-shaped': { isUShaped: true, tester: 2 },
      alone: { mode: 'local', tester: 0 },
    } as const))
      for (const [what, change] of Object.entries(wrong))
        it(`${what} (${name})`, async () => {
          const ring = await open({
            ...options,
            around: (service) =>
              changing(service, (inner) => ({
                testReport: async (request) => change((await inner.testReport(request)) as Report) as never,
              })),
          });
          const error = await rejection(train(ring), ProtocolError, 'ERR_REPORT');
          expect(error.message).to.match(
            /told a test after step \d+ that cannot be: finite scores of \d+ rows in 3 classes/,
          );
          expect(error.details).to.have.property('client', tester);
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
});

const gradients = {
  generation: 3,
  step: 2,
  dz: { shape: [1, 32], dtype: 'float32', data: new ArrayBuffer(128) },
  nextStep: null,
} as const;
