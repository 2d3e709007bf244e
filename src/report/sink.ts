import type { RunSeconds, RunTraffic } from '../core/costs.js';
import type { SavedWeights, TrainEvent, TrainSummary } from '../core/events.js';
import type { Phase } from './phase_clock.js';

/** What a run is going to do, for people. */
export interface RunInfo {
  readonly runDirectory: string;
  readonly dataset: string;
  readonly numTrainRows: number;
  readonly numTestRows: number;
  readonly dataSplit: string;
  /** Where the rows were read, and whether the files are the official ones. */
  readonly dataOrigin: string;
  readonly model: string;
  readonly cut: string;
  readonly numHeadParameters: number;
  readonly numTailParameters: number;
  /** Of the clients' last layers, in the U shape. */
  readonly numBackParameters: number | null;
  /** Training rows by client. */
  readonly shardSizes: readonly number[];
  readonly batchSize: number;
  /** The scheme, for people. */
  readonly scheme: string;
  /** What of it the user chose, for people: `handoff weights`. */
  readonly schemeOptions: readonly string[];
  readonly numRounds: number;
  readonly numSteps: number;
  /** Rows trained over the whole run, and those that were trained before this process. */
  readonly numRowsToTrain: number;
  readonly numRowsDone: number;
  readonly optimizers: { readonly head: string; readonly tail: string };
  readonly engine: string;
  readonly engineVersion: string;
  /** Why it is this engine, where it was not asked for. */
  readonly whyEngine: string | undefined;
  /** None where the clients are in processes of their own. */
  readonly threadDevices: readonly string[];
  readonly tailDevice: string;
  readonly seed: number;
  readonly fromEnvironment: readonly {
    readonly key: string;
    readonly variable: string;
    readonly value: string;
  }[];
  /** Things that the user should know before it starts. */
  readonly notices: readonly string[];
}

/** What is known only at the end, with what took how long. */
export interface RunSummary extends TrainSummary {
  readonly run_directory: string;
  readonly dataset: string;
  /** Scheme of split learning. */
  readonly mode: string;
  /** Clients have the last layers too. */
  readonly u_shaped: boolean;
  /** What the model takes: [channels, height, width], the raw value of an empty area, and what its answers mean. */
  readonly input: {
    readonly picture: readonly number[];
    readonly background: number;
    readonly class_names: readonly string[];
  };
  readonly model: string;
  readonly cut: string;
  readonly seed: number;
  readonly data_split: string;
  /** Training rows that no client got, and why. */
  readonly rows_left_out: number;
  readonly why_left_out: string;
  /** As `client@round`, asked for or after the loss of a client. */
  readonly skipped_visits: readonly string[];
  /** Of the final head and tail. */
  readonly macro_f1: number;
  readonly micro_average_precision: number;
  /** What the clients that have heads wrote of the model. */
  readonly client_files: readonly SavedWeights[];
  readonly traffic: RunTraffic;
  /** Sent in this process for batches that the loss of a client undid. */
  readonly repeated_bytes: number;
  /** Of clients and server, computing and waiting. */
  readonly compute_seconds: RunSeconds;
  readonly engine: string;
  readonly devices: { readonly tail: string; readonly threads: readonly string[] };
  readonly versions: Readonly<Record<string, string>>;
  /** Rows trained per second of training; tests are not counted in. */
  readonly samples_per_second: number;
  readonly wall_seconds: number;
  /** Wall time by phase; plots are drawn afterwards. */
  readonly phase_seconds: Readonly<Record<Phase, number>>;
  readonly peak_memory_mb: number;
}

/** Bytes of append-only files, by name in the run directory. */
export type FileLengths = Readonly<Record<string, number>>;

/** Where training goes back to. */
export interface RewindInfo {
  readonly lengths: FileLengths;
  readonly steps: number;
  /** Rows trained up to there. */
  readonly rows: number;
}

/** Somebody who is told what happens. A sink knows no training. */
export interface Sink {
  readonly name: string;
  /** A failure stops the run; any other sink's is reported once, and the sink is dropped. */
  readonly isEssential: boolean;
  start?(info: RunInfo): void;
  event?(event: TrainEvent): void;
  /** Bytes of each append-only file that it writes, by name in the run directory, when all that was told is in it. */
  lengths?(): FileLengths;
  /** Training goes back to where the files had these lengths: what was told since never happened. */
  rewind?(to: RewindInfo): void;
  end?(summary: RunSummary): void;
  /** Frees what the sink holds; called once, also after a failure. */
  close?(): void | Promise<void>;
}
