import type { FramePlan } from './frames.js';
import { predictSequential } from './sequential.js';
import type { ClientTraffic } from './traffic.js';

/** What decides how much a training sends. */
export interface TrafficOptions {
  /** Training rows of each client. */
  readonly shardSizes: readonly number[];
  readonly batchSize: number;
  readonly numEpochs: number;
  readonly localEpochs: number;
  /** Training ends after this many batches; 0 for no limit. */
  readonly maxSteps: number;
  /** As `client@round`. */
  readonly skippedVisits: readonly string[];
  readonly frames: FramePlan;
  readonly numTestRows: number;
  readonly forgetting: {
    readonly when: 'every_visit' | 'every_round' | 'off';
    readonly numRows: number;
  };
}

/** How a scheme talks: adding one is adding its file and a line here. */
const schemes = {
  sequential: { predict: predictSequential, areClientsSideBySide: false },
} satisfies Record<
  string,
  {
    readonly predict: (options: TrafficOptions) => readonly ClientTraffic[];
    /** Clients send at the same time, each over a line of its own. */
    readonly areClientsSideBySide: boolean;
  }
>;
export type PlannedScheme = keyof typeof schemes;

/**
 * Frames and bytes of a whole run that nothing interrupts, by client: training, hand-overs and tests. Nothing is known of
 * repeats, of control messages without buffers, and of what a network adds.
 */
export function predictTraffic(scheme: PlannedScheme, options: TrafficOptions): readonly ClientTraffic[] {
  return schemes[scheme].predict(options);
}

export function areClientsSideBySide(scheme: PlannedScheme): boolean {
  return schemes[scheme].areClientsSideBySide;
}
