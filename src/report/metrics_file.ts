import { closeSync, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import type { Sink } from './sink.js';

/** `metrics.jsonl`: one event a line, as they come. Same configuration, same bytes. */
export function metricsFile(path: string): Sink {
  const file = openSync(path, 'ax');
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
    name: 'metrics.jsonl',
    isEssential: true,
    event: write,
    end: ({ steps, rows, loss, accuracy, weighted_f1, clients }) => {
      write({ type: 'summary', steps, rows, loss, accuracy, weighted_f1, clients });
    },
    close: () => {
      closeSync(file);
    },
  };
}
