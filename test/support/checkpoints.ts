import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCheckpoint, type Checkpoint } from '../../src/server/checkpoint.js';
import { emptyTally } from '../../src/core/tally.js';
import { startOf, stepsDone, type Progress } from '../../src/server/progress.js';
import type { SmallTraining } from './small_training.js';

/** Facts of a run that only these tests have. */
export const someFacts = {
  lengths: { 'metrics.jsonl': 120, 'tensorboard/events': 7 },
  skippedVisits: ['1@0'],
  dataSha256: 'ab'.repeat(32),
  costs: {
    traffic: [],
    seconds: { clients: [], server: { compute: 1.5, waiting: 2.5 } },
  },
  versions: { node: '20.0.0' },
};

/** Where a ring stands after these batches of the turn at this place; client 0 has the head. */
export function progressAt({ parts }: SmallTraining, turn: number, stepsInTurn = 0): Progress {
  const start = startOf(parts.schedule, parts.links.length);
  const { round, visits } = parts.schedule.at(turn) ?? { round: start.round, visits: [] };
  const inTurn = stepsInTurn === 0 ? [] : visits.map(() => emptyTally);
  return { ...start, turn, stepsInTurn, round, inTurn, holders: [0], holder: 0 };
}

/** Writes a checkpoint of a ring as it is, said to stand there; client 0 must have the head. */
export function checkpointAt(
  folder: string,
  ring: SmallTraining,
  turn: number,
  stepsInTurn = 0,
): Promise<Checkpoint> {
  const progress = progressAt(ring, turn, stepsInTurn);
  return writeCheckpoint(folder, ring.parts, {
    steps: stepsDone(ring.parts.schedule, progress),
    progress,
    ...someFacts,
  });
}

/** Changes one bit in the middle of a file. */
export function flipBit(folder: string, name: string): void {
  const bytes = readFileSync(join(folder, name));
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(join(folder, name), bytes);
}
