import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { ConfigError, DataError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { usualPatience } from '../../../../src/data/fetch/download.js';
import { fetchFiles } from '../../../../src/data/fetch/fetch_files.js';
import type { Source } from '../../../../src/data/fetch/source.js';
import { sendBytes, sendStatus, withFileServer } from '../../../support/file_server.js';
import { published, sampleBytes } from '../../../support/source_files.js';
import { withDataFolder } from '../idx_files.js';

const contents = { 'a.gz': sampleBytes(100), 'b.gz': sampleBytes(2000) };
const files = Object.entries(contents).map(([name, bytes]) => published(name, bytes));
const options = { mirror: '', progress: noProgress, ...usualPatience };

describe('fetchFiles', () => {
  const serveFolder = (folder: string) =>
    withFileServer.bind(undefined, (response, request) => {
      const [, name] = new RegExp(`^${folder}/(.*)$`).exec(request.url ?? '') ?? [];
      if (name in contents) sendBytes(response, request, contents[name as keyof typeof contents]);
      else sendStatus(response, 404);
    });

  it('fetches what is asked for from the publisher, or from the mirror', () =>
    serveFolder('/official')(({ address, requests }) =>
      withDataFolder({}, async (folder) => {
        const source: Source = { dataset: 'cats', address: `${address}/official/`, files };
        await fetchFiles(source, files.slice(1), folder, options);
        expect(await readdir(folder)).to.deep.equal(['b.gz']);
        const elsewhere = { ...source, address: 'http://127.0.0.1:9/' };
        await fetchFiles(elsewhere, files, folder, { ...options, mirror: `${address}/official` });
        expect((await readdir(folder)).toSorted()).to.deep.equal(['a.gz', 'b.gz']);
        expect(requests).to.deep.equal(['/official/b.gz', '/official/a.gz', '/official/b.gz']);
      }),
    ));

  it('where that fails says why and what else can be done, and keeps what is whole', () =>
    serveFolder('/official')(({ address }) =>
      withDataFolder({}, async (folder) => {
        const source: Source = { dataset: 'cats', address: 'https://cats.example/', files };
        const asked = [...files, published('c.gz', sampleBytes(3))];
        const error: unknown = await fetchFiles(source, asked, folder, {
          ...options,
          mirror: `${address}/official`,
        }).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DATA_MISSING' });
        expect((error as DataError).message)
          .to.include(`Cannot fetch ${address}/official/c.gz: the server answered 404 Not Found. `)
          .and.include('https://cats.example/')
          .and.include(`"${folder}"`);
        expect((await readdir(folder)).toSorted()).to.deep.equal(['a.gz', 'b.gz']);
      }),
    ));

  it('refuses a mirror that is no address', () =>
    withDataFolder({}, async (folder) => {
      const source: Source = { dataset: 'cats', address: 'https://cats.example/', files };
      const work = fetchFiles(source, files, folder, { ...options, mirror: 'elsewhere' });
      expect(await work.catch((error: unknown) => error)).to.be.instanceOf(ConfigError);
    }));
});
