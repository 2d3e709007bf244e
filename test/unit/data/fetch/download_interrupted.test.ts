import { expect } from 'chai';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { DataError } from '../../../../src/core/errors.js';
import {
  NAME,
  bytes,
  cutOnce,
  expectWhole,
  failureOf,
  sendCut,
  whole,
  withPlace,
} from '../../../support/download_place.js';
import { sendBytes, sendStatus } from '../../../support/file_server.js';
import { sampleBytes, watchedProgress } from '../../../support/source_files.js';

describe('download, interrupted by', () => {
  describe('a cut connection', () => {
    it('goes on where it was', () =>
      withPlace(cutOnce(100_000), async (place) => {
        await place.fetch();
        await expectWhole(place);
        expect(place.requests).to.deep.equal([`/${NAME}`, `/${NAME} bytes=100000-`]);
      }));

    it('starts anew where the server sends whole files only', () =>
      withPlace(cutOnce(100_000, false), async (place) => {
        await place.fetch();
        await expectWhole(place);
        expect(place.requests).to.deep.equal([`/${NAME}`, `/${NAME} bytes=100000-`]);
      }));

    it('before any answer is tried again', () =>
      withPlace(
        (response, request, count) => {
          if (count === 0) request.socket.destroy();
          else sendBytes(response, request, bytes);
        },
        async (place) => {
          await place.fetch();
          await expectWhole(place);
        },
      ));

    it('again and again is no reason to give up while it goes forward', () =>
      withPlace(
        (response, request, count) => {
          sendCut(response, request, count < 8 ? 20_000 : Infinity);
        },
        async (place) => {
          await place.fetch({ retryDelaysMs: [0] });
          await expectWhole(place);
          expect(place.requests).to.have.lengthOf(9);
        },
      ));

    it('with nothing new each time is given up, and what came is kept for a later run', () =>
      withPlace(
        (response, request, count) => {
          sendCut(response, request, count === 0 ? 5000 : 0);
        },
        async (place) => {
          const error = await failureOf(place.fetch());
          expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DOWNLOAD' });
          expect(error.message).to.include(`Cannot fetch ${place.address}/${NAME}: other side closed`);
          // The first, which brings 5,000 bytes, then one after each of two pauses.
          expect(place.requests).to.have.lengthOf(3);
          expect(await readdir(place.folder)).to.deep.equal([`${NAME}.part`]);
          expect(await readFile(`${place.path}.part`)).to.deep.equal(Buffer.from(bytes.subarray(0, 5000)));
        },
      ));

    it('anywhere, with or without ranges, gives the same file', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(bytes.length), fc.boolean()), { maxLength: 4 }),
          async (cuts) => {
            await withPlace(
              (response, request, count) => {
                const [cutAfter, hasRanges] = cuts.at(count) ?? [Infinity, true];
                sendCut(response, request, cutAfter, { hasRanges });
              },
              async (place) => {
                await place.fetch({ retryDelaysMs: [0, 0, 0, 0, 0] });
                await expectWhole(place);
              },
            );
          },
        ),
        { numRuns: 25 },
      ));
  });

  describe('a server that stands still', () => {
    it('in the middle counts as cut off', () =>
      withPlace(
        (response, request, count) => {
          sendBytes(response, request, bytes, count === 0 ? { stopAfter: 70_000 } : {});
        },
        async (place) => {
          await place.fetch({ stallMs: 200 });
          await expectWhole(place);
          expect(place.requests).to.deep.equal([`/${NAME}`, `/${NAME} bytes=70000-`]);
        },
      ));

    it('and never answers is given up, with a message that says so', () =>
      withPlace(
        () => undefined,
        async (place) => {
          const error = await failureOf(place.fetch({ stallMs: 50, retryDelaysMs: [0] }));
          expect(error.message).to.include('nothing came for 0.05 s');
          expect(place.requests).to.have.lengthOf(2);
          expect(await readdir(place.folder)).to.deep.equal([]);
        },
      ));
  });

  describe('the end of an earlier run', () => {
    it('is gone on after', () =>
      withPlace(whole, async (place) => {
        await writeFile(`${place.path}.part`, bytes.subarray(0, 200_000));
        await place.fetch();
        await expectWhole(place);
        expect(place.requests).to.deep.equal([`/${NAME} bytes=200000-`]);
      }));

    it('is gone on after, and what was left before is removed', () =>
      withPlace(whole, async (place) => {
        const { pid } = spawnSync(process.execPath, ['--version']);
        await writeFile(`${place.path}.${hostname()}-${pid}-0123abcd.part`, bytes.subarray(0, 200_000));
        await writeFile(`${place.path}.part`, bytes.subarray(0, 200_000));
        await place.fetch();
        await expectWhole(place);
      }));

    it('that had everything but its checksum taken needs no request', () =>
      withPlace(whole, async (place) => {
        await writeFile(`${place.path}.part`, bytes);
        await place.fetch();
        await expectWhole(place);
        expect(place.requests).to.deep.equal([]);
      }));

    const others: readonly [string, Uint8Array][] = [
      ['that fetched another file', sampleBytes(200_000, 1)],
      ['that fetched another file as long as the published one', sampleBytes(300_000, 1)],
      ['that fetched more than there is', sampleBytes(300_001)],
    ];
    for (const [what, part] of others) {
      it(`${what}: the part is thrown away, and the file fetched anew`, () =>
        withPlace(whole, async (place) => {
          await writeFile(`${place.path}.part`, part);
          await place.fetch();
          await expectWhole(place);
          expect(place.requests.at(-1)).to.equal(`/${NAME}`);
        }));
    }

    it('by its user is gone on after', () =>
      withPlace(
        (response, request, count) => {
          sendBytes(response, request, bytes, count === 0 ? { stopAfter: 150_000 } : {});
        },
        async (place) => {
          const abort = new AbortController();
          const reason = new Error('the user is tired of it');
          const progress = watchedProgress(({ done }) => {
            if (done === 150_000) abort.abort(reason);
          });
          expect(await failureOf(place.fetch({ progress, signal: abort.signal }))).to.equal(reason);
          expect(progress.works.map(({ isEnded }) => isEnded)).to.deep.equal([true]);
          expect(await readdir(place.folder)).to.deep.equal([`${NAME}.part`]);
          await place.fetch();
          await expectWhole(place);
          expect(place.requests).to.deep.equal([`/${NAME}`, `/${NAME} bytes=150000-`]);
        },
      ));
  });

  it('its user before it begins asks nobody', () =>
    withPlace(whole, async (place) => {
      const error = await failureOf(place.fetch({ signal: AbortSignal.abort() }));
      expect(error).to.have.property('name', 'AbortError');
      expect(place.requests).to.have.lengthOf(0);
      expect(await readdir(place.folder)).to.deep.equal([]);
    }));

  it('its user while it pauses after a failure ends at once', () => {
    const abort = new AbortController();
    return withPlace(
      (response) => {
        response.once('close', () => {
          abort.abort();
        });
        sendStatus(response, 500);
      },
      async (place) => {
        const error = await failureOf(place.fetch({ signal: abort.signal, retryDelaysMs: [1e8] }));
        expect(error).to.have.property('name', 'AbortError');
        expect(await readdir(place.folder)).to.deep.equal([]);
      },
    );
  });
});
