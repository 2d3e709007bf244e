import { MessagePort } from 'node:worker_threads';
import { expect } from 'chai';
import { gatherPictures } from '../../src/data/batches.js';
import { initialWeights } from '../../src/models/init.js';
import { smallRing, trainSmallRing } from '../support/cluster_ring.js';

describe('the ring on worker threads', () => {
  for (const numThreads of [1, 2, 4]) {
    it(`4 clients on ${numThreads} threads equal one client on the same batches, bit for bit`, async () => {
      const one = await trainSmallRing(await smallRing(1, 1, 0, 64));
      const four = await trainSmallRing(await smallRing(4, numThreads, 0, 64));
      expect(four).to.deep.equal(one);
      expect(one.losses).to.have.length(8);
    });
  }

  it('another seed gives other numbers', async () => {
    const [first, second] = [await smallRing(2, 2, 0), await smallRing(2, 2, 1)];
    expect((await trainSmallRing(first)).losses).not.to.deep.equal((await trainSmallRing(second)).losses);
  });

  it('12 clients on 2 threads train', async () => {
    const { losses } = await trainSmallRing(await smallRing(12, 2));
    expect(losses).to.have.length(24);
    expect(losses.every(Number.isFinite)).to.equal(true);
  });

  it('the server receives no picture and no head weight on any port', async () => {
    const ring = await smallRing(3, 2);
    const { dataset, network, split, seed } = ring.options;
    const received: ArrayBuffer[] = [];
    const listen = EventTarget.prototype.addEventListener;
    // Every port of this thread is listened to through here, comlink's included.
    MessagePort.prototype.addEventListener = function (
      this: MessagePort,
      type: string,
      listener: never,
      ...rest
    ) {
      const spy = (event: { data: unknown }) => {
        collect(event.data, received);
        (listener as (event: unknown) => void)(event);
      };
      listen.call(this, type, (type === 'message' ? spy : listener) as never, ...(rest as []));
    };
    let trained;
    try {
      trained = await trainSmallRing(ring);
    } finally {
      delete (MessagePort.prototype as { addEventListener?: unknown }).addEventListener;
    }
    const cutFloats = 8 * 16 * 5 * 5;
    expect(received.filter(({ byteLength }) => byteLength === 4 * cutFloats).length).to.be.at.least(6);

    const secrets = [initialWeights(split.head.layers, seed), trained.headWeights].map((w) =>
      w.subarray(0, 4),
    );
    const input = { picture: dataset.shape.picture, padding: network.padding, background: 0 };
    for (const rows of [dataset.train, dataset.test]) {
      const picture = gatherPictures(rows, Uint32Array.of(0), input).data;
      secrets.push(picture.subarray(32 * 15, 32 * 16));
    }
    const seen = received.map((buffer) => Buffer.from(buffer));
    for (const secret of secrets) {
      const bytes = Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength);
      expect(seen.some((buffer) => buffer.includes(bytes))).to.equal(false);
    }
    const raw = Buffer.from(dataset.train.pictures.slice(28 * 13, 28 * 15));
    expect(seen.some((buffer) => buffer.includes(raw))).to.equal(false);
    // Nothing else than activations and labels came up.
    const sizes = new Set(received.map(({ byteLength }) => byteLength));
    expect([...sizes].every((size) => size % (4 * 400) === 0 || size <= 4 * 16)).to.equal(true);
  });
});

/** Copies of all buffers in a message. */
function collect(message: unknown, into: ArrayBuffer[]): void {
  if (message instanceof ArrayBuffer) into.push(message.slice(0));
  else if (ArrayBuffer.isView(message))
    into.push(new Uint8Array(message.buffer as ArrayBuffer).slice().buffer);
  else if (typeof message === 'object' && message !== null)
    for (const part of Object.values(message)) collect(part, into);
}
