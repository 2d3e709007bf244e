import { send, Trouble, type Connection } from './http.js';
import { repeats, saidIn, secretsOf } from './secrets.js';
import type { Patience } from './patience.js';

export interface ServerOptions {
  /** Without user name, password, query or slash at the end: see `checkDestination`. */
  readonly baseUrl: string;
  readonly key: string;
  readonly userAgent: string;
  readonly patience: Patience;
  /** Wall time of one request. */
  readonly timeoutMs: number;
  readonly onOutage: (problem: string) => void;
}

export interface RunToRegister {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  /** Empty for the key's own. */
  readonly entity: string;
  readonly group: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Where a run is kept, as the server names it. */
export interface RunPlace {
  readonly entity: string;
  readonly project: string;
  readonly id: string;
}

/** A part of what is streamed into a run. Sent again, the same lines at the same offset change nothing. */
export interface StreamPart {
  /** Lines of JSON, the first of which is line number `offset` of the history. */
  readonly history?: { readonly offset: number; readonly lines: readonly string[] };
  /** JSON that takes the place of the whole summary. */
  readonly summary?: string;
  /** The run is over. */
  readonly exitCode?: number;
  /** Files that were uploaded. */
  readonly uploaded?: readonly string[];
}

/** What we use of the HTTP interface of Weights & Biases. Every call throws WandbError where it comes to nothing. */
export interface WandbApi {
  checkKey(): Promise<void>;
  /** Makes the run, or takes it up again. */
  register(run: RunToRegister): Promise<RunPlace>;
  stream(place: RunPlace, part: StreamPart): Promise<void>;
  upload(place: RunPlace, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

const VIEWER = 'query Viewer { viewer { entity username } }';
const UPSERT_BUCKET = `mutation UpsertBucket($name: String!, $project: String, $entity: String, $groupName: String,
    $displayName: String, $config: JSONString, $program: String, $jobType: String) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, groupName: $groupName,
      displayName: $displayName, config: $config, jobProgram: $program, jobType: $jobType}) {
    bucket { id name project { name entity { name } } }
  }
}`;
const CREATE_RUN_FILES = `mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    uploadHeaders
    files { name uploadUrl }
  }
}`;

/** The interface, as one server offers it to one key. */
export function wandbApi({ baseUrl, key, userAgent, ...options }: ServerOptions): WandbApi {
  const connection: Connection = { ...options, secrets: secretsOf(key) };
  const authorization = `Basic ${Buffer.from(`api:${key}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json', 'user-agent': userAgent };

  const post = <T>(what: string, path: string, content: object, read: (text: string) => T) =>
    send(
      { what, method: 'POST', url: new URL(baseUrl + path), headers, body: JSON.stringify(content), read },
      connection,
    );

  const graphql = <T>(
    what: string,
    query: string,
    variables: object,
    pick: (data: Answer) => T | undefined,
  ) =>
    post(what, '/graphql', { query, variables }, (text) => {
      const { errors, data } = objectIn(text, what);
      // As its own client does: such an error may pass.
      if (Array.isArray(errors) && errors.length > 0)
        throw new Trouble(`answered with an error${saidIn(text, connection.secrets)} to ${what}`);
      const picked = pick(data ?? {});
      if (picked === undefined) throw new Trouble(`answered with something else than expected to ${what}`);
      return picked;
    });

  return {
    async checkKey() {
      await graphql('the check of the key', VIEWER, {}, ({ viewer }) => {
        if (viewer === null)
          throw new Trouble('does not know the API key. Correct WANDB_API_KEY', 'ERR_WANDB_KEY');
        return viewer;
      });
    },
    register({ id, name, project, entity, group, config }) {
      const variables = {
        name: id,
        project,
        entity: entity || null,
        groupName: group || null,
        displayName: name,
        config: JSON.stringify(
          Object.fromEntries(Object.entries(config).map(([k, value]) => [k, { value }])),
        ),
        program: 'bloom-split train',
        jobType: 'train',
      };
      return graphql('the registration of the run', UPSERT_BUCKET, variables, ({ upsertBucket }) => {
        const model = upsertBucket?.bucket?.project;
        const [owner, kept] = [model?.entity?.name, model?.name];
        if (typeof owner !== 'string' || typeof kept !== 'string') return undefined;
        // These are written to a file, so they are not taken where they are the key.
        const isShown = !repeats(`${owner} ${kept}`, connection.secrets);
        return isShown ? { entity: owner, project: kept, id } : undefined;
      });
    },
    async stream({ entity, project, id }, { history, summary, exitCode, uploaded }) {
      const path = ['files', entity, project, id, 'file_stream'].map(encodeURIComponent).join('/');
      const files = {
        ...(history && { 'wandb-history.jsonl': { offset: history.offset, content: history.lines } }),
        ...(summary !== undefined && { 'wandb-summary.json': { offset: 0, content: [summary] } }),
      };
      const content = {
        ...(Object.keys(files).length > 0 && { files }),
        ...(exitCode === undefined
          ? { complete: false, failed: false }
          : { complete: true, exitcode: exitCode }),
        ...(uploaded && { uploaded }),
        dropped: 0,
      };
      const what = exitCode === undefined ? 'a part of the history' : 'the end of the run';
      // A page of a gate on the way (a sign-in, a proxy) must not pass for an answer.
      await post(what, `/${path}`, content, (text) => (text.trim() === '' ? {} : objectIn(text, what)));
    },
    async upload({ entity, project, id }, name, bytes) {
      const what = `the file ${name}`;
      const variables = { entity, project, run: id, files: [name] };
      const target = await graphql(what, CREATE_RUN_FILES, variables, ({ createRunFiles: made }) => {
        const address = made?.files?.find((each) => each.name === name)?.uploadUrl;
        const url = typeof address === 'string' && address.startsWith('/') ? baseUrl + address : address;
        const isKnown = url === null || (typeof url === 'string' && URL.canParse(url));
        return isKnown ? { url, headers: headersOf(made?.uploadHeaders ?? []) } : undefined;
      });
      // The server has the file.
      if (target.url === null) return;
      const url = new URL(target.url);
      await send(
        { what, method: 'PUT', url, headers: target.headers, body: bytes, read: () => undefined },
        connection,
      );
    },
  };
}

/** What we read of the answers; anything may be missing. */
interface Answer {
  readonly viewer?: object | null;
  readonly upsertBucket?: {
    readonly bucket?: {
      readonly project?: {
        readonly name?: unknown;
        readonly entity?: { readonly name?: unknown } | null;
      } | null;
    } | null;
  } | null;
  readonly createRunFiles?: {
    readonly uploadHeaders?: readonly string[] | null;
    readonly files?: readonly { readonly name: string; readonly uploadUrl?: unknown }[] | null;
  } | null;
}

function objectIn(text: string, what: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  if (typeof content !== 'object' || content === null)
    throw new Trouble(`answered with something that is not JSON to ${what}`);
  return content as Record<string, unknown>;
}

/** `name:value` */
function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}
