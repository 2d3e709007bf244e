import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Sink } from './sink.js';

/** `metrics.jsonl`: one event a line, as they come, after what is there. Same configuration, same bytes. */
export function metricsFile(path: string): Sink {
  const file = openSync(path, 'a');
  const name = basename(path);
  const write = (content: unknown) => {
    const { size } = fstatSync(file);
    try {
      writeFileSync(file, `${JSON.stringify(content)}\n`);
    } catch (error) {
      // On a full disk a part of the line may have been written.
      ftruncateSync(file, size);
      throw error;
    }
  };
  return {
    name,
    isEssential: true,
    event: write,
    lengths: () => {
      fsyncSync(file);
      return { [name]: fstatSync(file).size };
    },
    rewind: ({ lengths }) => {
      ftruncateSync(file, lengths[name] ?? 0);
    },
    end: ({ steps, rows, loss, accuracy, weighted_f1, clients }) => {
      write({ type: 'summary', steps, rows, loss, accuracy, weighted_f1, clients });
      fsyncSync(file);
    },
    close: () => {
      closeSync(file);
    },
  };
}
