import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const GOOD_KEY = 'k3y-0f-th1s-t3st-0123456789abcdef';

export type Operation = 'viewer' | 'upsertBucket' | 'createRunFiles' | 'file_stream' | 'put';

/** One request as it came. */
export interface RecordedRequest {
  readonly operation: Operation;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly json: Json;
}

type Json = Readonly<Record<string, unknown>>;

/** A server's misbehaviour: another answer, none, a cut connection, or one that is cut after the request took effect. */
export type Reply = Answer | 'hang' | 'cut' | 'lost';
interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A run as the server has it. */
export interface RecordedRun {
  readonly registered: Json;
  readonly config: Json;
  /** Lines of the history by number. */
  readonly lines: string[];
  summary: Json;
  readonly files: Map<string, Buffer>;
  uploaded: readonly string[];
  exitCode: number | null;
}

/** What this project uses of the interface of Weights & Biases, on this machine. */
export interface WandbServer {
  readonly url: string;
  readonly requests: RecordedRequest[];
  readonly runs: Map<string, RecordedRun>;
  /** Asked before each answer, which may have to wait for it. */
  intercept: (request: RecordedRequest) => Reply | undefined | Promise<undefined>;
  /** Resolves when this holds after a request has come, or was answered. */
  until(condition: () => boolean): Promise<void>;
  /** The one run that there is. */
  run(): RecordedRun;
  close(): Promise<void>;
}

/** Starts a server for one key. Lines that come again must be the same; others must follow without a gap. */
export async function startWandbServer(key = GOOD_KEY): Promise<WandbServer> {
  const requests: RecordedRequest[] = [];
  const runs = new Map<string, RecordedRun>();
  const waiting = new Set<() => void>();
  const authorization = `Basic ${Buffer.from(`api:${key}`).toString('base64')}`;

  const http = createServer((request, response) => {
    void receive(request, response);
  });
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const recorded = recordedOf(request, Buffer.concat(chunks));
    requests.push(recorded);
    for (const check of waiting) check();
    let reply = (await server.intercept(recorded)) ?? answer(recorded);
    if (reply === 'lost') {
      answer(recorded);
      reply = 'cut';
    }
    if (reply === 'cut') request.socket.destroy();
    else if (reply !== 'hang') response.writeHead(reply.status, reply.headers).end(reply.body);
    for (const check of waiting) check();
  }

  function answer({ operation, path, headers, body, json }: RecordedRequest): Answer {
    if (operation === 'put') {
      const [, , id, ...name] = path.split('/');
      if (headers['x-upload'] !== 'yes:sir' || headers.authorization !== undefined) return { status: 400 };
      runs.get(id)?.files.set(name.join('/'), body);
      return { status: 200 };
    }
    if (headers.authorization !== authorization)
      return {
        status: 401,
        body: JSON.stringify({ error: `no such key: ${String(headers.authorization)}` }),
      };
    if (operation === 'file_stream') return stream(decodeURIComponent(path.split('/')[4]), json);
    return { status: 200, body: JSON.stringify({ data: graphql(operation, json.variables as Json) }) };
  }

  function graphql(operation: Operation, variables: Json): Json {
    const id = String(variables.name ?? variables.run);
    if (operation === 'viewer') return { viewer: { entity: 'somebody', username: 'somebody' } };
    if (operation === 'createRunFiles') {
      const files = (variables.files as string[]).map((name) => ({
        name,
        uploadUrl: `/storage/${id}/${name}`,
      }));
      return { createRunFiles: { uploadHeaders: ['X-Upload:yes:sir'], files } };
    }
    const old = runs.get(id);
    const config = JSON.parse(String(variables.config)) as Json;
    const fresh = { lines: [], summary: {}, files: new Map<string, Buffer>(), uploaded: [] };
    runs.set(id, { ...fresh, ...old, registered: variables, config, exitCode: null });
    const entity = { name: variables.entity ?? 'somebody' };
    const project = { name: variables.project, entity };
    return { upsertBucket: { bucket: { id: 'QnVja2V0', name: id, project } } };
  }

  function stream(id: string, { files, complete, exitcode, uploaded }: Json): Answer {
    const run = runs.get(id);
    if (!run) return { status: 404 };
    const parts = (files ?? {}) as Record<string, { offset: number; content: string[] } | undefined>;
    const history = parts['wandb-history.jsonl'];
    for (const [index, line] of (history?.content ?? []).entries()) {
      const at = (history?.offset ?? 0) + index;
      if (at > run.lines.length || (at < run.lines.length && run.lines[at] !== line))
        return { status: 400, body: JSON.stringify({ error: `line ${at} is not the one that was due` }) };
      run.lines[at] = line;
    }
    const summary = parts['wandb-summary.json']?.content[0];
    if (summary !== undefined) run.summary = JSON.parse(summary) as Json;
    run.uploaded = (uploaded as string[] | undefined) ?? run.uploaded;
    run.exitCode = complete === true ? Number(exitcode) : null;
    return { status: 200, body: '{"limits":{}}' };
  }

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: WandbServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    runs,
    intercept: () => undefined,
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    run() {
      if (runs.size !== 1) throw new Error(`There are ${runs.size} runs, not one.`);
      return [...runs.values()][0];
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => {
          resolve();
        });
        http.closeAllConnections();
      }),
  };
  return server;
}

function recordedOf({ method, url, headers }: IncomingMessage, body: Buffer): RecordedRequest {
  const path = url ?? '';
  if (method === 'PUT') return { operation: 'put', path, headers, body, json: {} };
  const json = JSON.parse(body.toString('utf8')) as Json;
  const operation = path.endsWith('/file_stream')
    ? 'file_stream'
    : (['upsertBucket', 'createRunFiles'] as const).find((name) => String(json.query).includes(name));
  return { operation: operation ?? 'viewer', path, headers, body, json };
}

/** An address at which nobody answers: the port was free a moment ago. */
export async function deadAddress(): Promise<string> {
  const { url, close } = await startWandbServer();
  await close();
  return url;
}
