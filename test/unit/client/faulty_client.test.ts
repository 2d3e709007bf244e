import { expect } from 'chai';
import { FaultyClient } from '../../../src/client/faulty_client.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import type { Fault } from '../../../src/link/faults.js';
import { ProtocolError } from '../../../src/core/errors.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallRing } from '../../support/link_small_ring.js';
import { compilerOf } from '../../support/segments.js';

describe('FaultyClient', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const anyFault: Fault = { kind: 'nan', client: 0, step: 1, delayMs: 0 };
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
  const handOver = { generation: 0, step: 2, round: 0, from: 0, to: 1, handoff: 'weights' } as const;

  /** Two clients with these faults; a second call with the same memory is the thread that comes after. */
  const open = async (
    faults: readonly Fault[],
    firedFaults = new Int32Array(new SharedArrayBuffer(4 * faults.length)),
  ) => {
    const { setup, program } = await openSmallRing(compile, { shardSizes: [8, 8] });
    const exchange = new HeadExchange(0, () => 0, new Map());
    const clients = setup.clients.map(
      (client) => new FaultyClient(client, { ...setup, faults, firedFaults }, program, exchange),
    );
    await clients[0].createHead();
    return { clients, firedFaults };
  };
  const hasNaN = ({ z }: { z: { data: ArrayBuffer } }) => new Float32Array(z.data).some(Number.isNaN);
  const gradients = (step: number) => ({
    generation: 0,
    step,
    dz: { shape: [4, 32], dtype: 'float32' as const, data: new ArrayBuffer(4 * 4 * 32) },
  });

  it('nan: one value of one batch, once, also where a fresh thread comes to it again', async () => {
    const { clients, firedFaults } = await open([anyFault]);
    expect(hasNaN(await clients[0].startVisit(visit))).to.equal(false);
    expect(hasNaN((await clients[0].trainStep(gradients(0)))!)).to.equal(true);
    expect(hasNaN((await clients[0].trainStep(gradients(1)))!)).to.equal(false);
    const again = await open([anyFault], firedFaults);
    await again.clients[0].startVisit(visit);
    expect(hasNaN((await again.clients[0].trainStep(gradients(0)))!)).to.equal(false);
  });

  it('nan at the first batch of a visit, and only at its own client', async () => {
    const { clients } = await open([
      { ...anyFault, step: 0 },
      { ...anyFault, client: 1 },
    ]);
    expect(hasNaN(await clients[0].startVisit(visit))).to.equal(true);
    expect(hasNaN((await clients[0].trainStep(gradients(0)))!)).to.equal(false);
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

  it('slow: every batch, by so much', async () => {
    const { clients } = await open([{ ...anyFault, kind: 'slow', delayMs: 30 }]);
    const startMs = performance.now();
    await clients[0].startVisit(visit);
    await clients[0].trainStep(gradients(0));
    // A timer may come a millisecond early.
    expect(performance.now() - startMs).to.be.greaterThan(58);
  });
});
