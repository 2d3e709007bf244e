import { DataError, NumericError } from '../../src/core/errors.js';
import type { ActivationsMessage, ClientService, Position } from '../../src/link/messages.js';
import { reportOf } from '../../src/metrics/report.js';

/** What `loadHead` of the echo service raises, by the path of the first file that it is given. */
const echoErrors: Readonly<Record<string, Error>> = {
  data: new DataError('ERR_TRUNCATED', 'The file ends early.', {
    path: 'x.bin',
    row: 3,
    isFirst: true,
    of: null,
  }),
  numeric: new NumericError('ERR_NOT_FINITE', 'A weight is NaN.', { client: 1 }),
  plain: new RangeError('Out of range.'),
};

/** What every test of the echo service comes to. */
export const echoReport = reportOf({
  numClasses: 2,
  logits_NK: Float32Array.of(2, 1, 0, 1),
  labels_N: Int32Array.of(0, 0),
});

/**
 * A client without a head, for the contract of links. It answers gradients with their double in the same buffer; a test's
 * labels are the byte lengths that its own buffers of the replies before now have; a receipt tells the steps in the order
 * in which they came. `receiveHead` never ends.
 */
export function echoService(): ClientService {
  const replied: ArrayBuffer[] = [];
  const arrived: number[] = [];
  const reply = (
    { generation, step }: Position,
    data: ArrayBuffer,
    labels: ArrayBuffer,
  ): ActivationsMessage => {
    replied.push(data, labels);
    return { generation, step, z: { shape: [1, data.byteLength / 4], dtype: 'float32', data }, labels };
  };
  return {
    classCounts: () => Promise.resolve([1, 2]),
    createHead: () => Promise.resolve(),
    loadHead: ({ files }) => Promise.reject(echoErrors[files[0].path]),
    startVisit: (request) =>
      Promise.resolve(reply(request, new Float32Array(request.numSteps).buffer, Int32Array.of(1).buffer)),
    trainStep(request) {
      const { data } = request.dz;
      new Float32Array(data).forEach((value, index, all) => (all[index] = 2 * value));
      return Promise.resolve(request.step < 0 ? null : reply(request, data, Int32Array.of(1, 2).buffer));
    },
    backStep({ generation, step, z }) {
      return Promise.resolve({ generation, step, dz: z, tally: { rows: 1, lossSum: 0.5, numCorrect: 1 } });
    },
    trainAlone: ({ step, nextStep }) =>
      Promise.resolve({ rows: step, lossSum: NaN, numCorrect: nextStep ?? -1 }),
    takeSpentMs: ({ step }) => Promise.resolve(step / 2),
    averageHead: ({ step, from, to }) =>
      Promise.resolve({
        taken: from === null ? null : { sha256: 'taken', sizeBytes: step },
        sent: to === null ? null : { sha256: 'sent', sizeBytes: step },
      }),
    sendHead({ step }) {
      arrived.push(step);
      return Promise.resolve({ sha256: arrived.join(), sizeBytes: step });
    },
    receiveHead: () => new Promise(() => undefined),
    testActivations(request) {
      const lengths = Int32Array.from(replied, ({ byteLength }) => byteLength);
      return Promise.resolve(reply(request, new ArrayBuffer(4), lengths.buffer));
    },
    testBack: ({ z }) => {
      replied.push(z.data);
      return Promise.resolve();
    },
    testAlone: () => Promise.resolve(),
    testReport: () => Promise.resolve(echoReport),
    saveStates: ({ path, clients }) => Promise.resolve({ sha256: path, sizeBytes: clients.length }),
    loadStates: () => Promise.resolve(),
    saveHead: ({ paths }) => Promise.resolve(paths.map((sha256) => ({ sha256, sizeBytes: 4 }))),
  };
}
