import { messageOf } from '../../core/errors.js';
import type { Patience } from './patience.js';
import { saidIn, type Secrets } from './secrets.js';
import { WandbError } from './wandb_error.js';

/** One message to a server, and how its answer is read. */
export interface HttpRequest<T> {
  /** Completes "answered 500 to ...". */
  readonly what: string;
  readonly method: 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Throws Trouble where the answer is not what it should be. */
  readonly read: (text: string) => T;
}

export interface Connection {
  readonly patience: Patience;
  readonly timeoutMs: number;
  readonly secrets: Secrets;
  /** Told once for every outage. */
  readonly onOutage: (problem: string) => void;
}

/** An attempt that came to nothing: for good, or to be tried again. */
export class Trouble extends Error {
  constructor(
    message: string,
    readonly finalCode: 'ERR_WANDB_KEY' | 'ERR_WANDB_REFUSED' | null = null,
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

const LONGEST_RETRY_AFTER_MS = 300_000;
const LARGEST_ANSWER_BYTES = 4 << 20;

/** Sends until there is a good answer. Throws WandbError where the server refuses, or patience is at its end. */
export async function send<T>(request: HttpRequest<T>, connection: Connection): Promise<T> {
  const { patience, onOutage } = connection;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = request.read(await attemptOnce(request, connection));
      patience.answered();
      return answer;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      const problem = `Weights & Biases at ${request.url.origin} ${error.message}`;
      if (error.finalCode !== null) throw new WandbError(error.finalCode, `${problem}.`);
      if (!patience.mayRetry(attempt))
        throw new WandbError('ERR_WANDB_UNREACHABLE', `${problem}; tried ${timesOf(attempt)}.`);
      // A single slip, such as a connection that the server has just closed, is nobody's concern.
      if (attempt === 2) onOutage(problem);
      await patience.backOff(attempt, error.retryAfterMs);
    }
  }
}

async function attemptOnce(
  { what, method, url, headers, body }: HttpRequest<unknown>,
  { patience, timeoutMs, secrets }: Connection,
): Promise<string> {
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
  };
  const timer = setTimeout(abort, timeoutMs);
  patience.end.addEventListener('abort', abort);
  if (patience.end.aborted) abort();
  try {
    // A redirect could lead the key elsewhere.
    const response = await fetch(url, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: controller.signal,
    });
    const text = await textOf(response);
    if (response.ok) return text;
    throw refusalOf(
      response,
      `answered ${response.status}${saidIn(text, secrets)} to ${what}`,
      'authorization' in headers,
    );
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (controller.signal.aborted) throw new Trouble(`did not answer to ${what} in time`);
    throw new Trouble(`cannot be reached (${reasonOf(error)})`);
  } finally {
    clearTimeout(timer);
    patience.end.removeEventListener('abort', abort);
  }
}

function refusalOf({ status, headers }: Response, answer: string, hadKey: boolean): Trouble {
  if (hadKey && (status === 401 || status === 403))
    return new Trouble(
      `refuses the API key, or lets it not write there: it ${answer}. Correct WANDB_API_KEY, \`wandb.entity\` or \`wandb.project\``,
      'ERR_WANDB_KEY',
    );
  if ([408, 409, 425, 429].includes(status) || status >= 500)
    return new Trouble(answer, null, retryAfterOf(headers.get('retry-after')));
  const isRedirect = status >= 300 && status < 400;
  const hint = isRedirect ? ', a redirect. Give the address that it leads to as `wandb.base_url`' : '';
  return new Trouble(answer + hint, 'ERR_WANDB_REFUSED');
}

/** Seconds or a date, as RFC 9110 has it. */
function retryAfterOf(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let numBytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    numBytes += chunk.length;
    if (numBytes > LARGEST_ANSWER_BYTES) throw new Trouble('answers with too many bytes');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What fetch hides: `connect ECONNREFUSED 127.0.0.1:1`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  return messageOf(cause) || (code ?? 'no reason given');
}

function timesOf(attempts: number): string {
  return attempts === 1 ? 'once' : `${attempts} times`;
}
