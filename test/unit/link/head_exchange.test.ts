import { expect } from 'chai';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../../../src/core/errors.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import { packHead, packSum, unpackHead } from '../../../src/link/parcels.js';
import { rejection } from '../../support/link_errors.js';
import { adamState as state, handOver as request } from '../../support/parcels.js';
import { expectSameState } from '../../support/segments.js';

describe('HeadExchange', () => {
  const exchanges: HeadExchange[] = [];
  afterEach(() => {
    for (const exchange of exchanges.splice(0)) exchange.close();
  });

  /** Clients 0, 2, 4 on thread 0, and 1, 3, 5 on thread 1. */
  const open = (thread: number, ports: ReadonlyMap<number, MessagePort>) => {
    const exchange = new HeadExchange(thread, (client) => client % 2, ports);
    exchanges.push(exchange);
    return exchange;
  };
  const openPair = () => {
    const { port1, port2 } = new MessageChannel();
    return [open(0, new Map([[1, port1]])), open(1, new Map([[0, port2]]))] as const;
  };
  const parcelTo = (to: number, step = 0) => packHead({ ...request, to, step }, [state()]);

  it('delivers in its own thread, whether it was sent or waited for first', async () => {
    const exchange = open(0, new Map());
    const [early, late] = [parcelTo(2), parcelTo(4)];
    exchange.send(early);
    expect(await exchange.receive(2)).to.equal(early);
    const waiting = exchange.receive(4);
    exchange.send(late);
    expect(await waiting).to.equal(late);
  });

  it('delivers to another thread that waits already', async () => {
    const [here, there] = openPair();
    const waiting = there.receive(3);
    here.send(parcelTo(3));
    expectSameState(unpackHead(await waiting, { ...request, to: 3, step: 0 })[0], state());
  });

  it('keeps what comes from another thread until it is asked for', async () => {
    const [here, there] = openPair();
    here.send(parcelTo(1, 7));
    here.send(parcelTo(3, 8));
    // The second has come: so has the first, which nobody waited for.
    expect((await there.receive(3)).step).to.equal(8);
    const parcel = await there.receive(1);
    expectSameState(unpackHead(parcel, { ...request, to: 1, step: 7 })[0], state());
  });

  it('moves the buffers to another thread, and keeps none', async () => {
    const [here, there] = openPair();
    const sent = state();
    here.send(packHead({ ...request, to: 1 }, [sent]));
    await there.receive(1);
    const vectors = [sent.weights, ...sent.optimizers.flatMap(({ slots }) => slots)];
    expect(vectors.map(({ byteLength }) => byteLength)).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it('moves a sum to another thread in the same way', async () => {
    const [here, there] = openPair();
    const sum = [Float64Array.of(1, 2), Float64Array.of(3)];
    here.send(packSum({ ...request, to: 1 }, sum));
    expect(await there.receive(1)).to.deep.include({ from: 0, to: 1, step: 30 });
    expect(sum.map(({ byteLength }) => byteLength)).to.deep.equal([0, 0]);
  });

  it('gives each parcel to one receiver only, and to its own', async () => {
    const exchange = open(0, new Map());
    const [first, second, other] = [parcelTo(2, 1), parcelTo(2, 2), parcelTo(4, 3)];
    const waiting = [exchange.receive(2), exchange.receive(4)];
    exchange.send(other);
    exchange.send(first);
    exchange.send(second);
    expect(await Promise.all(waiting)).to.deep.equal([first, other]);
    expect(await exchange.receive(2)).to.equal(second);
  });

  it('refuses to send where it has no port, and keeps the buffers', async () => {
    const exchange = open(0, new Map());
    const parcel = parcelTo(1);
    const sending = Promise.resolve().then(() => {
      exchange.send(parcel);
    });
    const error = await rejection(sending, ProtocolError, 'ERR_NO_PEER');
    expect(error.message).to.equal('Thread 0 has no port to thread 1.');
    expect(parcel.segments[0].weights.byteLength).to.equal(20);
  });
});
