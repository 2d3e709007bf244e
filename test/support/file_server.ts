import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request; `count` is that of the requests before it. */
export type Answer = (response: ServerResponse, request: IncomingMessage, count: number) => void;

export interface FileServer {
  /** Of its root, without a slash at the end. */
  readonly address: string;
  /** What was asked for, in order: the path, and the range where one was. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
}

/** Runs with an HTTP server on 127.0.0.1, and closes it with all its connections. */
export async function withFileServer<T>(answer: Answer, run: (server: FileServer) => Promise<T>): Promise<T> {
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    headers.push(request.headers);
    requests.push(`${request.url}${range === undefined ? '' : ` ${range}`}`);
    answer(response, request, requests.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await run({ address: `http://127.0.0.1:${port}`, requests, headers });
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

/** How bytes are sent. */
interface Sending {
  /** The server knows parts of files. */
  readonly hasRanges?: boolean;
  /** So many bytes are sent and no more, and the connection stays open. */
  readonly stopAfter?: number;
}

/** Sends these bytes, or the part of them that was asked for; gives where in the file it ends. */
export function sendBytes(
  response: ServerResponse,
  request: IncomingMessage,
  bytes: Uint8Array,
  { hasRanges = true, stopAfter = Infinity }: Sending = {},
): number {
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = hasRanges && asked ? Number(asked[1]) : 0;
  if (start > 0 && start >= bytes.length) {
    sendStatus(response, 416, { 'content-range': `bytes */${bytes.length}` });
    return start;
  }
  if (start > 0)
    response.writeHead(206, {
      'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
      'content-length': bytes.length - start,
    });
  else response.writeHead(200, { 'content-length': bytes.length });
  const end = Math.min(bytes.length, start + stopAfter);
  response.flushHeaders();
  response.write(bytes.subarray(start, end));
  if (end === bytes.length) response.end();
  return end;
}

/** Answers with a status and a page about it. */
export function sendStatus(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(`<h1>${status}</h1>`);
}
