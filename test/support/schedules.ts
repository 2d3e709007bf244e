import { scheduleOf, type ScheduleOptions, type Turn } from '../../src/server/schedule.js';
import { schemes, type Mode } from '../../src/server/schemes/registry.js';

/** Three clients with one batch a round, three rounds. */
export function threeRounds(mode: Mode, change: Partial<ScheduleOptions> = {}): readonly Turn[] {
  return scheduleOf({
    scheme: schemes[mode],
    numEpochs: 3,
    localEpochs: 1,
    batchSize: 4,
    shardSizes: [4, 4, 4],
    clientFraction: 1,
    seed: 0,
    maxSteps: 0,
    skippedVisits: [],
    ...change,
  });
}
