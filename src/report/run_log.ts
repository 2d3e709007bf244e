import { createLogger, format, transports, type Logger } from 'winston';
import type { Sink } from './sink.js';

/**
 * `run.log`: what happened, JSON lines with a time and a level, for people and tools. It is not needed to train on: where it
 * cannot be written, `onFailure` is told once.
 */
export function openRunLog(path: string, level: string, onFailure: (message: string) => void): Logger {
  const file = new transports.File({ filename: path });
  const log = createLogger({ level, format: format.combine(format.timestamp(), format.json()) });
  log.once('error', (error: Error) => {
    log.silent = true;
    onFailure(`run.log cannot be written and is left out from here on: ${error.message}`);
  });
  return log.add(file);
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
        log.end();
      });
    },
  };
}
