/** Mean loss and share of right answers over some rows. */
export interface Score {
  readonly loss: number;
  /** 0 to 1 */
  readonly accuracy: number;
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

/** The ring leaves a client: means over the rows that it trained in this visit. */
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

/** The newest head and tail were tested on the test rows; `client` has the head. */
export interface EvaluationEvent extends Score {
  readonly type: 'evaluation';
  readonly round: number;
  readonly client: number;
  readonly steps: number;
  readonly rows: number;
}

/** Every client was visited once more. */
export interface RoundEvent {
  readonly type: 'round';
  readonly round: number;
  readonly steps: number;
  /** Rows trained in this round. */
  readonly rows: number;
  readonly train: Score;
  readonly test: Score;
}

/** What training tells, in order. Every event is a function of the configuration: no clock, no thread is in it. */
export type TrainEvent = StepEvent | VisitEvent | HandOverEvent | EvaluationEvent | RoundEvent;

/** The test at the end of a client's last visit; null for a client that was never visited. */
export interface ClientScore {
  readonly client: number;
  /** Training rows. */
  readonly rows: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
}

/** What a whole training gives: the test of the final head and tail, and each client's. */
export interface TrainSummary extends Score {
  readonly steps: number;
  /** Rows trained, over all passes. */
  readonly rows: number;
  readonly clients: readonly ClientScore[];
}
