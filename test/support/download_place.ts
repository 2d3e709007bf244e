import { expect } from 'chai';
import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { noProgress } from '../../src/core/progress.js';
import { download, type DownloadOptions } from '../../src/data/fetch/download.js';
import { withDataFolder } from '../unit/data/idx_files.js';
import { sendBytes, withFileServer, type Answer, type FileServer } from './file_server.js';
import { published, sampleBytes, watchedProgress } from './source_files.js';

/** What is downloaded in tests. */
export const NAME = 'set.bin';
export const bytes = sampleBytes(300_000);
export const file = published(NAME, bytes);
export const atOnce: DownloadOptions = { progress: noProgress, stallMs: 20_000, retryDelaysMs: [0, 0] };

/** A server, and a folder for what it gives. */
interface Place extends FileServer {
  readonly folder: string;
  readonly path: string;
  fetch(options?: Partial<DownloadOptions>): Promise<void>;
}

/** Runs with a server and an empty folder into which `fetch` downloads the file. */
export function withPlace(answer: Answer, run: (place: Place) => Promise<void>): Promise<void> {
  return withDataFolder({}, (folder) =>
    withFileServer(answer, (server) => {
      const path = join(folder, NAME);
      const remote = { ...file, address: `${server.address}/${NAME}` };
      const progress = watchedProgress(cutWhereDue);
      const fetch = (options = {}) => download(remote, path, { ...atOnce, progress, ...options });
      return run({ ...server, folder, path, fetch });
    }),
  );
}

/** A connection to be cut off where its reader has so many bytes of the file: any earlier, it would lose what is on the way. */
let dueCut: { readonly response: ServerResponse; readonly at: number } | undefined;

export function cutWhereDue({ done }: { readonly done: number }): void {
  if (dueCut && done >= dueCut.at) dueCut.response.destroy();
}

/** Sends the file, or what is asked of it, and cuts the connection off after so many bytes. */
export function sendCut(
  response: ServerResponse,
  request: IncomingMessage,
  cutAfter: number,
  { hasRanges = true, contents = bytes } = {},
): void {
  const at = sendBytes(response, request, contents, { hasRanges, stopAfter: cutAfter });
  if (at < contents.length) dueCut = { response, at };
}

/** What work failed with; it must fail. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { code: string; details: object }> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error as Error & { code: string; details: object },
  );
}

/** Every request gets the whole file, or the part that it asks for. */
export const whole: Answer = (response, request) => {
  sendBytes(response, request, bytes);
};

/** The first request is cut off after so many bytes, the others are not. */
export const cutOnce =
  (cutAfter: number, hasRanges = true): Answer =>
  (response, request, count) => {
    sendCut(response, request, count === 0 ? cutAfter : Infinity, { hasRanges });
  };

/** The file is there as it was published, and nothing else. */
export async function expectWhole({ path, folder }: Place): Promise<void> {
  expect(Buffer.compare(await readFile(path), bytes)).to.equal(0);
  expect(await readdir(folder)).to.deep.equal([NAME]);
}
