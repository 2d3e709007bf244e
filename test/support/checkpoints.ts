import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCheckpoint, type Checkpoint } from '../../src/server/checkpoint.js';
import { startOfRing, stepsDone, type RingProgress } from '../../src/server/ring_progress.js';
import type { SmallRing } from './link_small_ring.js';

/** Facts of a run that only these tests have. */
export const someFacts = {
  lengths: { 'metrics.jsonl': 120, 'tensorboard/events': 7 },
  skippedVisits: ['1@0'],
  dataSha256: 'ab'.repeat(32),
  versions: { node: '20.0.0' },
};

/** Where a ring stands after these batches of the visit at this place, its holder the visit's client. */
export function progressAt({ parts }: SmallRing, visit: number, stepsInVisit = 0): RingProgress {
  const start = startOfRing(parts.schedule, parts.links.length);
  return { ...start, visit, stepsInVisit, round: parts.schedule[visit]?.round ?? start.round };
}

/** Writes a checkpoint of a ring as it is, said to stand there; the head is with client 0. */
export function checkpointAt(
  folder: string,
  ring: SmallRing,
  visit: number,
  stepsInVisit = 0,
): Promise<Checkpoint> {
  const progress = progressAt(ring, visit, stepsInVisit);
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
