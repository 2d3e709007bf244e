import { DataError, messageOf } from '../../core/errors.js';

/** Why a fetch failed: nobody there; no such file there; cut off, which may go better the next time. */
export type FailureKind = 'unreachable' | 'refused' | 'interrupted';

/** A fetch that failed; `details.kind` is its FailureKind. */
export function failedFetch(address: string, kind: FailureKind, why: string, cause?: unknown): DataError {
  return new DataError('ERR_DOWNLOAD', `Cannot fetch ${address}: ${why}.`, { address, kind }, { cause });
}

/** One request's dealings with the network. */
export interface NetworkWatch {
  /** To be given to the request. */
  readonly signal: AbortSignal;
  /** Awaits the next sign of life. Throws DataError `ERR_DOWNLOAD`, or the caller's reason to give up. */
  await<T>(work: Promise<T>): Promise<T>;
  /** Ends the request, wherever it stands. */
  end(): void;
}

/** Ends a request that stands still for `stallMs`, and says in one error whatever goes wrong. */
export function watchNetwork(
  address: string,
  stallMs: number,
  signal: AbortSignal | undefined,
): NetworkWatch {
  const own = new AbortController();
  const timer = setTimeout(() => {
    own.abort();
  }, stallMs);
  return {
    signal: AbortSignal.any(signal ? [own.signal, signal] : [own.signal]),
    async await(work) {
      try {
        const result = await work;
        timer.refresh();
        return result;
      } catch (error) {
        signal?.throwIfAborted();
        if (own.signal.aborted)
          throw failedFetch(address, 'interrupted', `nothing came for ${stallMs / 1000} s`, error);
        throw failedFetch(address, kindOf(error), reasonOf(error), error);
      }
    },
    end() {
      clearTimeout(timer);
      own.abort();
    },
  };
}

/** What a connection that was there ends with. */
const cuts = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

function kindOf(error: unknown): FailureKind {
  const { code } = causeOf(error) as NodeJS.ErrnoException;
  return code !== undefined && cuts.has(code) ? 'interrupted' : 'unreachable';
}

function reasonOf(error: unknown): string {
  const cause = causeOf(error);
  // Of a name with several addresses, none of which answers.
  return messageOf(cause instanceof AggregateError ? cause.errors[0] : cause);
}

/** `fetch` itself only says that it failed. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
