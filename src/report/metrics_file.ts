import { closeSync, openSync, writeSync } from 'node:fs';
import type { Sink } from './sink.js';

/** `metrics.jsonl`: one event a line, as they come. Same configuration, same bytes. */
export function metricsFile(path: string): Sink {
  const file = openSync(path, 'ax');
  const write = (content: unknown) => {
    writeSync(file, `${JSON.stringify(content)}\n`);
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
