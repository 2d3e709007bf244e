import type { Evaluations } from '../../core/evaluation.js';
import type { RoundEvent, VisitEvent } from '../../core/events.js';
import type { RunSummary } from '../sink.js';

/** An option of a run as text, beside its default. */
export interface RunOption {
  /** As in YAML, dots between levels. */
  readonly name: string;
  readonly value: string;
  readonly default: string;
  /** Where it ran: a default folder depends on where one is. */
  readonly isChanged: boolean;
}

/** What the scheme of a run is, for people. */
export interface SchemeText {
  readonly title: string;
  readonly story: string;
  /** What the test of each client is. */
  readonly clientTests: string;
  /** They train one after the other. */
  readonly clientsTakeTurns: boolean;
}

/** What a run directory tells of its run. */
export interface RunRecord {
  readonly scheme: SchemeText;
  readonly summary: RunSummary;
  readonly evaluations: Evaluations;
  /** Mean loss of every batch, by step. */
  readonly losses: readonly number[];
  /** Who trained it, by step. */
  readonly stepClients: readonly number[];
  readonly visits: readonly VisitEvent[];
  readonly rounds: readonly RoundEvent[];
  /** All but the secret ones. */
  readonly options: readonly RunOption[];
}
