import { expect } from 'chai';
import { averageWithOthers } from '../../../src/client/averaging.js';
import { Head } from '../../../src/client/head.js';
import { ProtocolError } from '../../../src/core/errors.js';
import type { SegmentState } from '../../../src/engine/engine.js';
import type { OptimizerMean } from '../../../src/engine/mean_state.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import type { AverageRequest } from '../../../src/link/messages.js';
import { packSum, type Parcel } from '../../../src/link/parcels.js';
import { dense } from '../../../src/models/layers.js';
import { rejection } from '../../support/link_errors.js';
import { compilerOf, partOf, sgd } from '../../support/segments.js';

/** Heads of three parameters, under SGD with momentum, of clients 0, 1 and 2 with 1, 2 and 5 rows. */
const rows = [1, 2, 5];
const stateOf = (client: number): SegmentState => ({
  weights: Float32Array.of(client, 8, -16 * client),
  optimizers: [{ step: 2 * client, slots: [Float32Array.of(0, client, 4 * client)] }],
});

describe('averageWithOthers', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const heads = async () => {
    const program = await compile(partOf([dense('fc', 2, 1)], [2]), { optimizer: sgd });
    return rows.map((_, client) => new Head([program], [stateOf(client)]));
  };
  const request = (client: number, optimizers: OptimizerMean): AverageRequest => ({
    generation: 1,
    step: 9,
    round: 0,
    from: client === 0 ? null : client - 1,
    to: client === 2 ? null : client + 1,
    weight: rows[client],
    totalWeight: 8,
    optimizers,
  });
  /** All at once, the last one first: each waits for the sum of the one before. */
  const averageAll = async (optimizers: OptimizerMean) => {
    const exchange = new HeadExchange(0, () => 0, new Map());
    const all = await heads();
    const parts = [2, 1, 0].map((client) =>
      averageWithOthers(client, all[client], request(client, optimizers), exchange),
    );
    return (await Promise.all(parts)).reverse();
  };

  it('three clients over one exchange: the last one has the mean', async () => {
    const [first, second, third] = await averageAll('reset');
    expect([first.mean, second.mean]).to.deep.equal([undefined, undefined]);
    // (1 x 0 + 2 x 1 + 5 x 2) / 8, (1 + 2 + 5) x 8 / 8, (1 x 0 - 2 x 16 - 5 x 32) / 8
    expect(third.mean).to.deep.equal([{ weights: Float32Array.of(1.5, 8, -24), optimizers: [] }]);
  });

  it('the optimisers are averaged too, or are those of the last one', async () => {
    const [, , averaged] = await averageAll('average');
    // Steps: (2 x 2 + 5 x 4) / 8; slots: (0, 12 / 8, 48 / 8).
    expect(averaged.mean?.[0].optimizers).to.deep.equal([{ step: 3, slots: [Float32Array.of(0, 1.5, 6)] }]);
    const [, , kept] = await averageAll('keep');
    expect(kept.mean?.[0].optimizers).to.deep.equal(stateOf(2).optimizers);
  });

  it('every sum is told of by both sides: 8 bytes a value', async () => {
    const receipts = (await averageAll('reset')).map(({ receipt }) => receipt);
    expect([receipts[0].taken, receipts[2].sent]).to.deep.equal([null, null]);
    expect(receipts[1].taken).to.deep.equal(receipts[0].sent);
    expect(receipts[2].taken).to.deep.equal(receipts[1].sent);
    expect(receipts[0].sent?.sizeBytes).to.equal(3 * 8);
    expect((await averageAll('average'))[0].receipt.sent?.sizeBytes).to.equal((3 + 1 + 3) * 8);
  });

  it('leaves the heads as they are', async () => {
    const [head] = await heads();
    const exchange = new HeadExchange(0, () => 0, new Map());
    await averageWithOthers(0, head, request(0, 'average'), exchange);
    expect(head.exportStates()).to.deep.equal([stateOf(0)]);
  });

  const sum = () => [Float64Array.of(1, 2, 3)];
  const wrong: Readonly<Record<string, readonly [Parcel, string]>> = {
    'of an earlier average': [
      packSum({ ...request(1, 'reset'), step: 6, from: 0, to: 1 }, sum()),
      'its step is 6',
    ],
    'of another client': [packSum({ ...request(1, 'reset'), from: 2, to: 1 }, sum()), 'its from is 2'],
    'of a longer head': [
      packSum({ ...request(1, 'reset'), from: 0, to: 1 }, [Float64Array.of(1, 2, 3, 4)]),
      'not as long',
    ],
  };
  for (const [what, [parcel, says]] of Object.entries(wrong)) {
    it(`refuses a sum ${what}, and sends none on`, async () => {
      const all = await heads();
      const sent: Parcel[] = [];
      const exchange = { receive: () => Promise.resolve(parcel), send: (next: Parcel) => sent.push(next) };
      const call = averageWithOthers(1, all[1], request(1, 'reset'), exchange);
      const error = await rejection(call, ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include(says);
      expect(sent).to.deep.equal([]);
    });
  }
});
