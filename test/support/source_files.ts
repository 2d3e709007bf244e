import { createHash } from 'node:crypto';
import type { Progress } from '../../src/core/progress.js';
import type { SourceFile } from '../../src/data/fetch/source.js';

/** A file with these contents, as its publisher describes it. */
export function published(name: string, bytes: Uint8Array): SourceFile {
  return { name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Bytes that show where they came from. */
export function sampleBytes(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) + salt) % 251);
}

/** Notes each piece of work: what, of how much, how much was done, and whether it ended. */
export interface WatchedWork {
  readonly what: string;
  readonly total: number;
  done: number;
  isEnded: boolean;
}

/** `onAdvance` is told of the work that went on. */
export function watchedProgress(
  onAdvance: (work: WatchedWork) => void = () => undefined,
): Progress & { readonly works: readonly WatchedWork[] } {
  const works: WatchedWork[] = [];
  return {
    works,
    begin(what, total) {
      const work = { what, total, done: 0, isEnded: false };
      works.push(work);
      return {
        advance(by) {
          work.done += by;
          onAdvance(work);
        },
        end() {
          work.isEnded = true;
        },
      };
    },
  };
}
