import { DataError, NumericError } from '../../src/core/errors.js';
import type { ActivationsMessage, ClientService, Position } from '../../src/link/messages.js';

/** What `loadHead` of the echo service raises, by the path that it is given. */
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
    loadHead: ({ path }) => Promise.reject(echoErrors[path]),
    startVisit: (request) =>
      Promise.resolve(reply(request, new Float32Array(request.numSteps).buffer, Int32Array.of(1).buffer)),
    trainStep(request) {
      const { data } = request.dz;
      new Float32Array(data).forEach((value, index, all) => (all[index] = 2 * value));
      return Promise.resolve(request.step < 0 ? null : reply(request, data, Int32Array.of(1, 2).buffer));
    },
    sendHead({ step }) {
      arrived.push(step);
      return Promise.resolve({ sha256: arrived.join(), sizeBytes: step });
    },
    receiveHead: () => new Promise(() => undefined),
    testActivations(request) {
      const lengths = Int32Array.from(replied, ({ byteLength }) => byteLength);
      return Promise.resolve(reply(request, new ArrayBuffer(4), lengths.buffer));
    },
    saveState: () => Promise.resolve({ sha256: '', sizeBytes: 0 }),
    loadState: () => Promise.resolve(),
    saveHead: () => Promise.resolve(),
  };
}
