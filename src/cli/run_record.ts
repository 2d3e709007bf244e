import type { RunConfig } from '../config/run_config.js';
import { messageOf, StorageError } from '../core/errors.js';
import { metricsFile } from '../report/metrics_file.js';
import { cutBack, runFiles } from '../report/run_directory.js';
import { openRunLog, runLogSink } from '../report/run_log.js';
import type { FileLengths, RewindInfo, Sink } from '../report/sink.js';
import { Sinks } from '../report/sinks.js';
import { tensorboardSink } from '../report/tensorboard/tensorboard_sink.js';

/** Everybody who is told what a run does, and what they have written so far. */
export interface RunRecord {
  readonly log: ReturnType<typeof openRunLog>;
  readonly sinks: Sinks;
  /** Bytes of every append-only file, those of earlier processes included. */
  lengths(): FileLengths;
  rewind(to: RewindInfo): Promise<void>;
  close(): Promise<void>;
}

export interface RecordOptions {
  readonly config: RunConfig;
  /** What is in the append-only files already. */
  readonly before: FileLengths;
  readonly others: readonly Sink[];
  readonly warn: (message: string) => void;
}

/** Opens the files of a run directory, after what is in them, and joins the other sinks. Throws StorageError. */
export function openRecord(runDirectory: string, { config, before, others, warn }: RecordOptions): RunRecord {
  const files = runFiles(runDirectory);
  const log = openRunLog(files.log, config.log_level, warn);
  let all: readonly Sink[];
  try {
    all = [runLogSink(log), metricsFile(files.metrics), tensorboardSink(files.tensorboard), ...others];
  } catch (error) {
    log.close();
    throw new StorageError(
      'ERR_RUN_DIRECTORY',
      `Cannot write in the run directory "${runDirectory}": ${messageOf(error)}. Choose a folder that can be written.`,
      { runDirectory },
      { cause: error },
    );
  }
  const sinks = new Sinks(all, (message) => {
    log.warn(message);
    warn(message);
  });
  const beforeNames = Object.keys(before);
  let known = before;
  const ownLengths = () => {
    let own: FileLengths = {};
    sinks.tell((sink) => (own = { ...own, ...sink.lengths?.() }));
    return own;
  };
  return {
    log,
    sinks,
    // A file stays known when its sink was dropped, or was an earlier process's.
    lengths: () => (known = { ...known, ...ownLengths() }),
    async rewind(to) {
      log.warn('rewind', to);
      sinks.tell((sink) => sink.rewind?.(to));
      known = to.lengths;
      await cutBack(runDirectory, known, beforeNames);
    },
    close: () => sinks.close(),
  };
}
