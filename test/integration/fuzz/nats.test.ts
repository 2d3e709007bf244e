import { encode } from '@msgpack/msgpack';
import { expect } from 'chai';
import fc from 'fast-check';
import { BloomError, ProtocolError } from '../../../src/core/errors.js';
import type { ClientService } from '../../../src/link/messages.js';
import { openCaller } from '../../../src/link/nats/caller.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../src/link/nats/frame.js';
import { decodeMessage, encodeMessage } from '../../../src/link/nats/message_bytes.js';
import { linkHandler } from '../../../src/link/nats/nats_link.js';
import { valueOf } from '../../../src/link/nats/outcome.js';
import { serveCalls } from '../../../src/link/nats/responder.js';
import { pathsUnder } from '../../../src/link/nats/run_paths.js';
import { newSession } from '../../../src/link/nats/session.js';
import { FakeBroker } from '../../support/fake_broker.js';
import { damagedFiles } from '../../support/fuzz_inputs.js';
import { fuzz, fuzzBytes, fuzzJson, numRuns } from '../../support/fuzz.js';

describe('fuzzing: what comes from a broker', function () {
  this.timeout(60_000 + 60 * numRuns);

  const message = () => ({
    method: 'trainStep',
    request: {
      generation: 1,
      step: 70_000,
      dz: { shape: [32, 3, 2], dtype: 'float32', data: new ArrayBuffer(768) },
      nextStep: null,
      flags: [true, false, -1, -200, -70_000, 2 ** 40, 0.5, 'x'.repeat(300)],
    },
  });
  const frame = (changes: Partial<Frame> = {}): Frame => ({
    ...{ kind: 'request', session: newSession(), counter: 0, answered: 0 },
    ...{ mark: 40, offset: 0, total: 40, body: new Uint8Array(40) },
    ...changes,
  });

  it('messages', () => fuzzBytes([encodeMessage(message()).bytes], decodeMessage, ProtocolError));

  it('messages made of JSON in which a part is strange', () =>
    fuzzJson(
      message(),
      (content) => {
        if (content === '') return;
        let bytes: Uint8Array;
        try {
          // What no sender of ours makes: deep, with other keys and lengths.
          bytes = encode(JSON.parse(content), { maxDepth: 30_000 });
        } catch (error) {
          throw new ProtocolError('ERR_MESSAGE', String(error));
        }
        return decodeMessage(bytes);
      },
      ProtocolError,
    ));

  it('frames', () =>
    fuzzBytes([encodeFrame(frame()), encodeFrame(frame({ kind: 'ask' }))], decodeFrame, ProtocolError));

  it('replies', () =>
    fuzzJson(
      { error: { name: 'DataError', code: 'E', message: 'm', details: {}, stack: '' } },
      (content) => {
        try {
          return valueOf(content === '' ? undefined : JSON.parse(content));
        } catch (error) {
          // The error that it carries, as it should.
          if (error instanceof BloomError && error.code === 'E') return undefined;
          throw error;
        }
      },
      BloomError,
    ));

  it('requests to a client', async () => {
    const service = new Proxy({} as ClientService, { get: () => () => Promise.resolve() });
    const handle = linkHandler(service, pathsUnder('/nowhere'));
    const requests = [
      { method: 'loadStates', request: { path: 'a/b', sha256: '', clients: [1] } },
      { method: 'loadHead', request: { files: [{ path: 'a/b', prefix: '' }] } },
    ];
    const decode = (content: string) => handle(content === '' ? undefined : JSON.parse(content));
    for (const request of requests) await fuzzJson(request, decode, ProtocolError);
  });

  it('either side of calls goes on, whatever frames come', async () => {
    const subjects = { requests: 'to', replies: 'from' };
    const small = fc.constantFrom(0, 1, 2, 40, 41, 2 ** 31, 2 ** 32 - 1);
    const kinds = fc.constantFrom(...(['request', 'reply', 'ask', 'sent', 'lacking', 'refused'] as const));
    const ofOthers = fc.record({
      kind: kinds,
      session: fc.constantFrom('00'.repeat(8), 'ff'.repeat(8)),
      ...{ counter: small, answered: small, mark: small, offset: small, total: small },
      body: fc.uint8Array({ maxLength: 50 }),
    });
    const bytes = fc.oneof(
      ofOthers.map((parts) => encodeFrame({ ...parts })),
      damagedFiles([encodeFrame(frame()), encodeFrame(frame({ kind: 'reply' }))]),
    );
    for (const subject of ['requests', 'replies'] as const) {
      const broker = new FakeBroker(1 << 16);
      const served = serveCalls(broker.connection(), subjects, (given) => Promise.resolve(given));
      const caller = openCaller(broker.connection(), { ...subjects, session: newSession(), retryMs: 5 });
      const other = broker.connection();
      const decode = async (given: Uint8Array) => {
        other.publish(subjects[subject], given);
        await broker.quiet();
      };
      await fuzz(bytes, ({ length }) => length, { decode, refusal: ProtocolError });
      expect(await caller.call('still here')).to.equal('still here');
      expect(broker.refused).not.to.deep.equal([]);
      for (const error of broker.refused) expect(error).to.be.instanceOf(ProtocolError);
      served.close();
      caller.close();
    }
  });
});
