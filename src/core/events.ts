import type { ClassificationReport } from './evaluation.js';

/** Mean loss and share of right answers over some rows. */
export interface Score {
  readonly loss: number;
  /** 0 to 1 */
  readonly accuracy: number;
}

/** Score of a test, with F1 as the mean over classes, weighted by their rows. */
export interface TestScore extends Score {
  readonly weighted_f1: number;
}

/** One batch was trained. */
export interface StepEvent extends Score {
  readonly type: 'step';
  /** Batches trained before this one, over the whole run. */
  readonly step: number;
  readonly round: number;
  readonly client: number;
  readonly rows: number;
}

/** A client has trained its turn: means over the rows that it trained. */
export interface VisitEvent extends Score {
  readonly type: 'visit';
  readonly round: number;
  readonly client: number;
  /** Batches trained so far. */
  readonly steps: number;
  readonly rows: number;
}

/** The head went from one client to the next, past the server, which is told only its SHA-256. */
export interface HandOverEvent {
  readonly type: 'hand_over';
  readonly round: number;
  readonly steps: number;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
  readonly bytes: number;
}

/** The heads of a round became one, as a sum that went from client to client; `holder` has it. */
export interface AverageEvent {
  readonly type: 'average';
  readonly round: number;
  readonly steps: number;
  /** How many took part. */
  readonly clients: number;
  readonly holder: number;
  /** Of all sums that were sent. */
  readonly bytes: number;
}

/** The newest head and tail were tested on the test rows; `client` has the head. */
export interface EvaluationEvent extends TestScore {
  readonly type: 'evaluation';
  readonly round: number;
  readonly client: number;
  readonly steps: number;
  readonly rows: number;
}

/** What the newest head and tail still know of each class, on a fixed sample of test rows. */
export interface ForgettingEvent {
  readonly type: 'forgetting';
  readonly round: number;
  /** Who was visited last, and has the head. */
  readonly client: number;
  readonly steps: number;
  /** By class; null where the sample has no row of it. */
  readonly class_accuracy: readonly (number | null)[];
}

/** A round is over: every client was visited once more, or training ends in the middle by `max_steps`. */
export interface RoundEvent {
  readonly type: 'round';
  readonly round: number;
  readonly steps: number;
  /** Rows trained in this round. */
  readonly rows: number;
  readonly train: Score;
  readonly test: TestScore;
}

/** What training tells, in order. Every event is a function of the configuration: no clock, no thread is in it. */
export type TrainEvent =
  StepEvent | VisitEvent | HandOverEvent | AverageEvent | EvaluationEvent | ForgettingEvent | RoundEvent;

/**
 * A client's last test: in the ring at the end of its last visit; where heads differ, of its own with the final tail; where
 * they are averaged, everybody's. Where each client tests rows of its own, the final head and tail on these; a client whose last visit was
 * left out had its last test earlier. Null for a client that had none.
 */
export interface ClientScore {
  readonly client: number;
  /** Training rows. */
  readonly rows: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly weighted_f1: number | null;
}

/** What a whole training gives: the test of the final head and tail (the mean over clients where each has its own), and each client's. */
export interface TrainSummary extends TestScore {
  readonly steps: number;
  /** Rows trained, over all passes. */
  readonly rows: number;
  readonly clients: readonly ClientScore[];
}

/** A part of the final model, as the client that wrote it tells of it. */
export interface SavedWeights {
  readonly client: number;
  /** In the run directory of who has it. */
  readonly file: string;
  readonly sha256: string;
}

/** What a training returns: its summary, and its last tests in full. */
export interface TrainResult {
  readonly summary: TrainSummary;
  readonly overall: ClassificationReport;
  /** By client; null where it has no test of its own. */
  readonly clients: readonly (ClassificationReport | null)[];
  readonly forgetting: readonly ForgettingEvent[];
  /** Clients that have the trained heads: one, where it is everybody's and was tested by one. */
  readonly holders: readonly number[];
}
