import { appendFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { createLogger, format, transports, type Logger } from 'winston';
import { messageOf } from '../core/errors.js';
import type { Sink } from './sink.js';

/**
 * `run.log`: what happened, JSON lines with a time and a level, for people and tools. It is not needed to train on: where it
 * cannot be written, `onFailure` is told once.
 */
export function openRunLog(path: string, level: string, onFailure: (message: string) => void): Logger {
  const log = createLogger({ level, format: format.combine(format.timestamp(), format.json()) });
  const file = new Writable({
    decodeStrings: false,
    // Written at once: winston's own file transport neither tells of a full disk nor ends after one.
    write(line: string, _encoding, done) {
      try {
        if (!log.silent) appendFileSync(path, line);
      } catch (error) {
        log.silent = true;
        onFailure(`run.log cannot be written and is left out from here on: ${messageOf(error)}`);
      }
      done();
    },
  });
  return log.add(new transports.Stream({ stream: file, eol: '\n' }));
}

/** Tells the log of a run's course; single batches only at level `debug`. */
export function runLogSink(log: Logger): Sink {
  return {
    name: 'run.log',
    isEssential: false,
    start(info) {
      log.info('run starts', info);
      for (const notice of info.notices) log.warn(notice);
    },
    event({ type, ...facts }) {
      log.log(type === 'step' ? 'debug' : 'info', type, facts);
    },
    end(summary) {
      log.info('run ends', summary);
    },
    async close() {
      await new Promise<void>((resolve) => {
        log.once('finish', resolve);
        // A file that failed never finishes.
        log.once('error', () => {
          resolve();
        });
        if (log.silent) resolve();
        log.end();
      });
    },
  };
}
