import { expect } from 'chai';
import { FaultyClient } from '../../../src/client/faulty_client.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import type { Fault } from '../../../src/link/faults.js';
import type { ActivationsMessage } from '../../../src/link/messages.js';
import { ProtocolError } from '../../../src/core/errors.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, type SmallTrainingOptions } from '../../support/small_training.js';
import { compilerOf } from '../../support/segments.js';

describe('FaultyClient', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const anyFault: Fault = { kind: 'nan', client: 0, step: 1, delayMs: 0, parcel: 'head' };
  const visit = {
    generation: 0,
    step: 0,
    round: 0,
    firstPass: 0,
    numPasses: 2,
    firstBatch: 0,
    numSteps: 4,
    isOptimizerFresh: false,
  };
  const handOver = { generation: 0, step: 2, round: 0, optimizers: 'fresh', keepsCopy: false } as const;

  /** Two clients with these faults; a second call with the same memory is the thread that comes after. */
  const open = async (
    faults: readonly Fault[],
    firedFaults = new Int32Array(new SharedArrayBuffer(4 * faults.length)),
    training: SmallTrainingOptions = {},
  ) => {
    const { surroundings } = await openSmallTraining(compile, { shardSizes: [8, 8], ...training });
    const exchange = new HeadExchange(0, () => 0, new Map());
    const setup = { ...surroundings.setup, faults, firedFaults };
    const clients = setup.clients.map(
      ({ client, shard }) => new FaultyClient(client, shard, { ...surroundings, setup, exchange }),
    );
    await clients[0].createHead();
    return { clients, firedFaults };
  };
  const hasNaN = (message: ActivationsMessage | null) => new Float32Array(message!.z.data).some(Number.isNaN);
  const gradients = (step: number) => ({
    generation: 0,
    step,
    dz: { shape: [4, 32], dtype: 'float32' as const, data: new ArrayBuffer(4 * 4 * 32) },
    nextStep: step + 1,
  });

  it('nan: one value of one batch, once, also where a fresh thread comes to it again', async () => {
    const { clients, firedFaults } = await open([anyFault]);
    expect(hasNaN(await clients[0].startVisit(visit))).to.equal(false);
    expect(hasNaN(await clients[0].trainStep(gradients(0)))).to.equal(true);
    expect(hasNaN(await clients[0].trainStep(gradients(1)))).to.equal(false);
    const again = await open([anyFault], firedFaults);
    await again.clients[0].startVisit(visit);
    expect(hasNaN(await again.clients[0].trainStep(gradients(0)))).to.equal(false);
  });

  it('nan at the first batch of a visit, and only at its own client', async () => {
    const { clients } = await open([
      { ...anyFault, step: 0 },
      { ...anyFault, client: 1 },
    ]);
    expect(hasNaN(await clients[0].startVisit(visit))).to.equal(true);
    expect(hasNaN(await clients[0].trainStep(gradients(0)))).to.equal(false);
  });

  it('corrupt: the receiver refuses the head, once', async () => {
    const { clients } = await open([{ ...anyFault, kind: 'corrupt', step: 2 }]);
    const pass = (from: number, to: number) => {
      const request = { ...handOver, from, to };
      return Promise.all([clients[from].sendHead(request), clients[to].receiveHead(request)]);
    };
    const error = await rejection(pass(0, 1), ProtocolError, 'ERR_HAND_OVER');
    expect(error.message).to.match(
      /^Client 1 refused the head from client 0: its SHA-256 differs from its contents/,
    );
    await clients[0].createHead();
    await pass(0, 1);
  });

  it('corrupt: of a head and a sum after the same batch, the one that was meant', async () => {
    const sum = {
      generation: 0,
      step: 2,
      round: 0,
      weight: 8,
      totalWeight: 16,
      optimizers: 'reset',
    } as const;
    const { clients } = await open([{ ...anyFault, kind: 'corrupt', step: 2, parcel: 'sum' }]);
    const request = { ...handOver, from: 0, to: 1, keepsCopy: true };
    await Promise.all([clients[0].sendHead(request), clients[1].receiveHead(request)]);
    const average = Promise.all([
      clients[0].averageHead({ ...sum, from: null, to: 1 }),
      clients[1].averageHead({ ...sum, from: 0, to: null }),
    ]);
    const error = await rejection(average, ProtocolError, 'ERR_HAND_OVER');
    expect(error.message).to.include('its SHA-256 differs from its contents');
  });

  it('nan of a client that trains alone: the loss that it tells, once', async () => {
    const { clients } = await open([anyFault], undefined, { mode: 'local' });
    await clients[0].startVisit(visit);
    const losses: number[] = [];
    for (const step of [0, 1, 2]) {
      const { lossSum } = await clients[0].trainAlone({ generation: 0, step, nextStep: step + 1 });
      losses.push(lossSum);
    }
    expect(losses.map(Number.isFinite)).to.deep.equal([true, false, true]);
  });

  it('slow: every batch, by so much', async () => {
    const { clients } = await open([{ ...anyFault, kind: 'slow', delayMs: 30 }]);
    const startMs = performance.now();
    await clients[0].startVisit(visit);
    await clients[0].trainStep(gradients(0));
    // A timer may come a millisecond early.
    expect(performance.now() - startMs).to.be.greaterThan(58);
  });
});
