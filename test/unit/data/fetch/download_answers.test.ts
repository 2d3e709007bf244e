import { expect } from 'chai';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import { download } from '../../../../src/data/fetch/download.js';
import {
  NAME,
  atOnce,
  bytes,
  expectWhole,
  failureOf,
  file,
  sendCut,
  withPlace,
} from '../../../support/download_place.js';
import { sendBytes, sendStatus, type Answer } from '../../../support/file_server.js';
import { published, sampleBytes } from '../../../support/source_files.js';
import { withDataFolder } from '../idx_files.js';

describe('download, answered by', () => {
  describe('another file', () => {
    const wrong = sampleBytes(bytes.length, 7);
    const answers: readonly [string, Answer, RegExp][] = [
      [
        'with another checksum',
        (response, request) => {
          sendBytes(response, request, wrong);
        },
        new RegExp(`its SHA-256 is ${published('', wrong).sha256} instead of ${file.sha256}`),
      ],
      [
        'with another checksum, in two pieces',
        (response, request, count) => {
          sendCut(response, request, count === 0 ? 1000 : Infinity, { contents: wrong });
        },
        /its SHA-256 is/,
      ],
      [
        'that is shorter',
        (response, request) => {
          sendBytes(response, request, bytes.subarray(0, 299_999));
        },
        /it has 299999 bytes instead of 300000/,
      ],
      [
        'that is longer, of which the server does not say how long it is',
        (response) => {
          response.writeHead(200);
          response.write(bytes);
          response.end(Buffer.from('more'));
        },
        /it has more than 300000 bytes/,
      ],
      [
        'that is empty',
        (response, request) => {
          sendBytes(response, request, new Uint8Array());
        },
        /it has 0 bytes instead of 300000/,
      ],
    ];
    for (const [what, answer, message] of answers) {
      it(`${what} is refused and removed`, () =>
        withPlace(answer, async (place) => {
          const error = await failureOf(place.fetch());
          expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_CHECKSUM' });
          expect(error.message)
            .to.match(message)
            .and.include(`${place.address}/${NAME} `)
            .and.include(`published "${NAME}"`);
          expect(await readdir(place.folder)).to.deep.equal([]);
        }));
    }

    it('of which a part is asked for is refused, and the part kept: it may be from a better place', () =>
      withPlace(
        (response, request) => {
          sendBytes(response, request, sampleBytes(400_000));
        },
        async (place) => {
          await writeFile(`${place.path}.part`, bytes.subarray(0, 1000));
          const error = await failureOf(place.fetch());
          expect(error.message).to.include('it has 400000 bytes instead of 300000');
          expect(await readdir(place.folder)).to.deep.equal([`${NAME}.part`]);
        },
      ));

    it('that ends too early is tried again, and given up', () =>
      withPlace(
        (response) => {
          response.writeHead(200).end(bytes.subarray(0, 10));
        },
        async (place) => {
          const error = await failureOf(place.fetch());
          expect(error.message).to.include('it ended after 10 of 300000 bytes');
        },
      ));
  });

  describe('a part that cannot be gone on with', () => {
    const refusals: readonly [string, Answer][] = [
      [
        '416',
        (response) => {
          sendStatus(response, 416, { 'content-range': 'bytes */300000' });
        },
      ],
      [
        '206 of another part',
        (response) => {
          response.writeHead(206, { 'content-range': 'bytes 5-299999/300000' }).end(bytes.subarray(5));
        },
      ],
      [
        '206 without saying which',
        (response) => {
          response.writeHead(206).end(bytes.subarray(5));
        },
      ],
    ];
    for (const [what, refusal] of refusals) {
      it(`(${what}) is thrown away`, () =>
        withPlace(
          (response, request, count) => {
            if (request.headers.range === undefined) sendBytes(response, request, bytes);
            else refusal(response, request, count);
          },
          async (place) => {
            await writeFile(`${place.path}.part`, bytes.subarray(0, 1000));
            await place.fetch();
            await expectWhole(place);
            expect(place.requests).to.deep.equal([`/${NAME} bytes=1000-`, `/${NAME}`]);
          },
        ));
    }

    it('is gone on with by shorter parts than were asked for', () =>
      withPlace(
        (response, request) => {
          const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
          const end = Math.min(start + 100_000, bytes.length);
          response
            .writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/*` })
            .end(bytes.subarray(start, end));
        },
        async (place) => {
          await place.fetch();
          await expectWhole(place);
          expect(place.requests).to.have.lengthOf(3);
        },
      ));
  });

  describe('a server that does not give the file', () => {
    for (const [status, numRequests] of [
      [404, 1],
      [403, 1],
      [410, 1],
      [429, 3],
      [500, 3],
      [503, 3],
    ] as const) {
      it(`(${status}) is asked ${numRequests} time(s)`, () =>
        withPlace(
          (response) => {
            sendStatus(response, status);
          },
          async (place) => {
            const error = await failureOf(place.fetch());
            expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DOWNLOAD' });
            expect(error.message).to.include(`${place.address}/${NAME}: the server answered ${status}`);
            expect(place.requests).to.have.lengthOf(numRequests);
            expect(await readdir(place.folder)).to.deep.equal([]);
          },
        ));
    }

    it('but an answer without an end is not listened to', async () => {
      let isClosed: Promise<unknown> | undefined;
      await withPlace(
        (response) => {
          isClosed = once(response, 'close');
          response.writeHead(404).write('not found, ');
        },
        async (place) => {
          await failureOf(place.fetch());
          await isClosed;
        },
      );
    });

    it('at first, but then does', () =>
      withPlace(
        (response, request, count) => {
          if (count < 2) sendStatus(response, 502);
          else sendBytes(response, request, bytes);
        },
        async (place) => {
          await place.fetch();
          await expectWhole(place);
        },
      ));

    it('as it is, but encoded, is refused: its bytes would not be those of the file', () =>
      withPlace(
        (response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end('');
        },
        async (place) => {
          expect((await failureOf(place.fetch())).message).to.include('encoded once more (gzip)');
        },
      ));

    it('since it is not there at all is asked once', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      await withDataFolder({}, async (folder) => {
        const work = download({ ...file, address: `http://127.0.0.1:${port}/x` }, join(folder, NAME), {
          ...atOnce,
          retryDelaysMs: [1e6],
        });
        expect((await failureOf(work)).message).to.include('ECONNREFUSED');
        expect(await readdir(folder)).to.deep.equal([]);
      });
    });
  });

  describe('a redirect', () => {
    it('is followed, also to go on', () =>
      withPlace(
        (response, request, count) => {
          if (request.url === `/${NAME}`)
            sendStatus(response, count % 2 === 0 ? 302 : 307, { location: '/there' });
          else sendCut(response, request, count === 1 ? 1000 : Infinity);
        },
        async (place) => {
          await place.fetch();
          await expectWhole(place);
          expect(place.requests).to.deep.equal([
            `/${NAME}`,
            '/there',
            `/${NAME} bytes=1000-`,
            '/there bytes=1000-',
          ]);
        },
      ));

    it('in a circle ends with a message', () =>
      withPlace(
        (response) => {
          sendStatus(response, 302, { location: `/${NAME}` });
        },
        async (place) => {
          expect((await failureOf(place.fetch())).message).to.include('redirect count exceeded');
        },
      ));
  });
});
