import { expect } from 'chai';
import { BloomError, ClientLostError, DataError, messageOf, NumericError } from '../../src/core/errors.js';
import type { Link } from '../../src/link/link.js';
import type { GradientsMessage, HandOverRequest } from '../../src/link/messages.js';

/** A link whose other side is an echo service (test/support/link_echo.ts). */
export interface OpenedLink {
  readonly link: Link;
  /** How errors name the other side. */
  readonly side: string;
  /** Ends the other side without a word to it. */
  die(): Promise<void>;
  /** Frees everything. */
  close(): Promise<void>;
}

export const ECHO_CLIENT = 3;

/** What every link must do, wherever the client lives. */
export function describeLink(name: string, open: (timeoutMs: number) => Promise<OpenedLink>): void {
  describe(`link ${name}`, () => {
    let opened: OpenedLink;
    const start = async (timeoutMs = 60_000) => (opened = await open(timeoutMs));
    afterEach(() => opened.close());

    it('carries every call there and back', async () => {
      const { link } = await start();
      expect(link.client).to.equal(ECHO_CLIENT);
      expect(await link.createHead({ generation: 0, step: 0 })).to.equal(undefined);
      expect(await link.saveHead({ path: 'here' })).to.equal(undefined);
      const first = await link.startVisit(visit);
      expect(first).to.deep.include({ generation: 7, step: 11 });
      expect(first.z.shape).to.deep.equal([1, 5]);
      const answer = await link.trainStep(gradients(12, [1, -2, 0.5]));
      expect(answer).to.deep.include({ generation: 7, step: 12 });
      expect([...new Float32Array(answer!.z.data)]).to.deep.equal([2, -4, 1]);
      expect([...new Int32Array(answer!.labels)]).to.deep.equal([1, 2]);
      expect(await link.trainStep(gradients(-1, [1]))).to.equal(null);
      expect(await link.sendHead(handOver(4))).to.deep.equal({ sha256: '4', sizeBytes: 4 });
    });

    it("moves a request's buffer instead of copying it", async () => {
      const { link } = await start();
      const request = gradients(0, [1, 2]);
      const answer = link.trainStep(request);
      expect(request.dz.data.byteLength, 'right after the call').to.equal(0);
      expect((await answer)!.z.data.byteLength).to.equal(8);
    });

    it("moves a reply's buffers instead of copying them", async () => {
      const { link } = await start();
      const { z, labels } = await link.startVisit(visit);
      expect([z.data.byteLength, labels.byteLength]).to.deep.equal([20, 4]);
      const test = await link.testActivations({
        generation: 0,
        step: 0,
        set: 'test',
        firstRow: 0,
        numRows: 1,
      });
      expect([...new Int32Array(test.labels)], 'lengths on the side of the client').to.deep.equal([0, 0]);
    });

    it('keeps the order of calls that are under way together, and gives each its own answer', async () => {
      const { link } = await start();
      const steps = Array.from({ length: 20 }, (_, index) => (index * 7) % 20);
      const settled: number[] = [];
      const calls = steps.map(async (step) => {
        const receipt = await link.sendHead(handOver(step));
        settled.push(step);
        return receipt;
      });
      const receipts = await Promise.all(calls);
      expect(receipts.map(({ sizeBytes }) => sizeBytes)).to.deep.equal(steps);
      expect(receipts.at(-1)!.sha256, 'order of arrival').to.equal(steps.join());
      expect(settled, 'order of the answers').to.deep.equal(steps);
    });

    it('keeps class, code, message and details of an error, and goes on', async () => {
      const { link } = await start();
      const data = await errorOf(link.loadHead({ path: 'data', prefix: '' }));
      expect(data).to.be.instanceOf(DataError);
      expect(data).to.deep.include({ code: 'ERR_TRUNCATED', message: 'The file ends early.' });
      expect(data.details).to.deep.equal({ path: 'x.bin', row: 3, isFirst: true, of: null });
      const numeric = await errorOf(link.loadHead({ path: 'numeric', prefix: '' }));
      expect(numeric).to.be.instanceOf(NumericError);
      expect(numeric.code).to.equal('ERR_NOT_FINITE');
      const plain = await errorOf(link.loadHead({ path: 'plain', prefix: '' }));
      expect(plain).to.be.instanceOf(ClientLostError);
      expect(plain.code).to.equal('ERR_CLIENT_FAILED');
      expect(plain.message).to.match(/^The .* failed at "client \d: loadHead": Out of range\.$/);
      expect(await link.sendHead(handOver(1))).to.deep.equal({ sha256: '1', sizeBytes: 1 });
    });

    it('rejects what is under way, and everything after, when the other side dies', async () => {
      const { link, side, die } = await start();
      const waiting = [errorOf(link.receiveHead(handOver(0))), errorOf(link.receiveHead(handOver(1)))];
      await link.createHead({ generation: 0, step: 0 });
      await die();
      for (const error of await Promise.all(waiting))
        expectLost(error, 'ERR_CLIENT_LOST', side, 'receiveHead');
      expectLost(await errorOf(link.startVisit(visit)), 'ERR_CLIENT_LOST', side, 'startVisit');
      link.close();
      expectLost(await errorOf(link.sendHead(handOver(1))), 'ERR_CLIENT_LOST', side, 'sendHead');
    });

    it('rejects what is under way, and everything after, when it is closed, however often', async () => {
      const { link, side } = await start();
      const waiting = errorOf(link.receiveHead(handOver(0)));
      link.close();
      link.close();
      expectLost(await waiting, 'ERR_LINK_CLOSED', side, 'receiveHead');
      expectLost(await errorOf(link.trainStep(gradients(0, [1]))), 'ERR_LINK_CLOSED', side, 'trainStep');
    });

    it('gives a call up at its deadline', async () => {
      const { link, side } = await start(500);
      expectLost(await errorOf(link.receiveHead(handOver(0))), 'ERR_CALL_TIMEOUT', side, 'receiveHead');
      expect(await link.sendHead(handOver(2)), 'the next call').to.deep.equal({ sha256: '2', sizeBytes: 2 });
    });
  });
}

const visit = {
  generation: 7,
  step: 11,
  round: 0,
  firstPass: 0,
  numPasses: 1,
  firstBatch: 0,
  numSteps: 5,
  isOptimizerFresh: false,
};

function gradients(step: number, values: readonly number[]): GradientsMessage {
  const data = Float32Array.from(values).buffer;
  return { generation: 7, step, dz: { shape: [1, values.length], dtype: 'float32', data } };
}

function handOver(step: number): HandOverRequest {
  return { generation: 0, step, round: 0, from: 0, to: 1, handoff: 'weights' };
}

function expectLost(error: BloomError, code: string, side: string, method: string): void {
  expect(error).to.be.instanceOf(ClientLostError);
  expect(error.code, error.message).to.equal(code);
  expect(error.message).to.include(side);
  expect(error.message).to.include(`client ${ECHO_CLIENT}: ${method}`);
  const what = `client ${ECHO_CLIENT}: ${method}`;
  expect(error.details).to.deep.equal({ client: ECHO_CLIENT, side, what });
}

/** The BloomError with which this must reject. */
async function errorOf(call: Promise<unknown>): Promise<BloomError> {
  try {
    await call;
  } catch (error) {
    expect(error, messageOf(error)).to.be.instanceOf(BloomError);
    return error as BloomError;
  }
  return expect.fail('nothing was refused');
}
