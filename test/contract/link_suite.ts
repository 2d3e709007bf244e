import { expect } from 'chai';
import { BloomError, ClientLostError, DataError, messageOf, NumericError } from '../../src/core/errors.js';
import type { Link } from '../../src/link/link.js';
import type { GradientsMessage, SendRequest, TensorFrame } from '../../src/link/messages.js';
import { echoReport } from '../support/link_echo.js';

/** A link whose other side is an echo service (test/support/link_echo.ts). */
export interface OpenedLink {
  readonly link: Link;
  /** Where it says that its client lives. */
  readonly place: number;
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
      const { link, place } = await start();
      expect([link.client, link.place]).to.deep.equal([ECHO_CLIENT, place]);
      expect(await link.createHead({ generation: 0, step: 0 })).to.equal(undefined);
      expect(await link.saveHead({ paths: ['here'] })).to.deep.equal([{ sha256: 'here', sizeBytes: 4 }]);
      const first = await link.startVisit(visit);
      expect(first).to.deep.include({ generation: 7, step: 11 });
      expect(first!.z.shape).to.deep.equal([1, 5]);
      const answer = await link.trainStep(gradients(12, [1, -2, 0.5]));
      expect(answer).to.deep.include({ generation: 7, step: 12 });
      expect([...new Float32Array(answer!.z.data)]).to.deep.equal([2, -4, 1]);
      expect([...new Int32Array(answer!.labels!)]).to.deep.equal([1, 2]);
      expect(await link.trainStep(gradients(-1, [1]))).to.equal(null);
      expect(await link.sendHead(handOver(4))).to.deep.equal({ sha256: '4', sizeBytes: 4 });
      expect(await link.averageHead(average)).to.deep.equal({
        taken: { sha256: 'taken', sizeBytes: 9 },
        sent: null,
      });
      expect(await link.classCounts({ generation: 0, step: 0 })).to.deep.equal([1, 2]);
      expect(await link.saveStates({ path: 'there', clients: [3, 5] })).to.deep.equal({
        sha256: 'there',
        sizeBytes: 2,
      });
      expect(await link.loadStates({ path: 'there', sha256: '', clients: [3] })).to.equal(undefined);
    });

    it('carries a batch of the U shape, and one of a client that trains alone', async () => {
      const { link } = await start();
      const back = await link.backStep({ generation: 7, step: 3, z: frame([1, 2, 3]) });
      expect(back).to.deep.include({
        generation: 7,
        step: 3,
        tally: { rows: 1, lossSum: 0.5, numCorrect: 1 },
      });
      expect([...new Float32Array(back.dz.data)]).to.deep.equal([1, 2, 3]);
      const alone = { generation: 7, step: 5, nextStep: 8 };
      expect(await link.trainAlone(alone)).to.deep.equal({ rows: 5, lossSum: NaN, numCorrect: 8 });
      expect(await link.trainAlone({ ...alone, nextStep: null })).to.include({ numCorrect: -1 });
    });

    it('carries a test whose answers stay with the client, and what they come to', async () => {
      const { link } = await start();
      expect(await link.testBack({ ...test, z: frame([1, 2]) })).to.equal(undefined);
      expect(await link.testAlone(test)).to.equal(undefined);
      expect(await link.testReport({ generation: 0, step: 0 })).to.deep.equal(echoReport);
    });

    it("moves a request's buffer instead of copying it", async () => {
      const { link } = await start();
      const request = gradients(0, [1, 2]);
      const answer = link.trainStep(request);
      expect(request.dz.data.byteLength, 'right after the call').to.equal(0);
      expect((await answer)!.z.data.byteLength).to.equal(8);
      const down = [frame([1, 2]), frame([3])];
      const calls = [
        link.backStep({ generation: 7, step: 3, z: down[0] }),
        link.testBack({ ...test, z: down[1] }),
      ];
      expect(down.map(({ data }) => data.byteLength)).to.deep.equal([0, 0]);
      await Promise.all(calls);
    });

    it("moves a reply's buffers instead of copying them", async () => {
      const { link } = await start();
      const first = await link.startVisit(visit);
      expect([first!.z.data.byteLength, first!.labels!.byteLength]).to.deep.equal([20, 4]);
      const answers = await link.testActivations(test);
      expect([...new Int32Array(answers.labels!)], 'lengths on the side of the client').to.deep.equal([0, 0]);
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

    it('keeps class, code, message and details of an error, knows its client, and goes on', async () => {
      const { link } = await start();
      const data = await errorOf(link.loadHead({ files: [{ path: 'data', prefix: '' }] }));
      expect(data).to.be.instanceOf(DataError);
      expect(data).to.deep.include({ code: 'ERR_TRUNCATED', message: 'The file ends early.' });
      expect(data.details).to.deep.equal({
        client: ECHO_CLIENT,
        path: 'x.bin',
        row: 3,
        isFirst: true,
        of: null,
      });
      const numeric = await errorOf(link.loadHead({ files: [{ path: 'numeric', prefix: '' }] }));
      expect(numeric).to.be.instanceOf(NumericError);
      expect(numeric.code).to.equal('ERR_NOT_FINITE');
      const plain = await errorOf(link.loadHead({ files: [{ path: 'plain', prefix: '' }] }));
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

const test = { generation: 0, step: 0, set: 'test', firstRow: 0, numRows: 1 } as const;

const average = {
  generation: 0,
  step: 9,
  round: 0,
  from: 1,
  to: null,
  weight: 4,
  totalWeight: 10,
  optimizers: 'reset',
} as const;

function frame(values: readonly number[]): TensorFrame {
  return { shape: [1, values.length], dtype: 'float32', data: Float32Array.from(values).buffer };
}

function gradients(step: number, values: readonly number[]): GradientsMessage {
  return { generation: 7, step, dz: frame(values), nextStep: step + 1 };
}

function handOver(step: number): SendRequest {
  return { generation: 0, step, round: 0, from: 0, to: 1, optimizers: 'fresh', keepsCopy: false };
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
