import type { TrainEvent } from '../../core/events.js';
import type { Progress } from '../progress.js';
import type { Turn } from '../schedule.js';
import type { TrainerParts } from '../trainer.js';

/** How clients come by the heads that they train, and what becomes of these. */
export interface Sharing {
  /** Every client of the turn gets its head. */
  beginTurn(parts: TrainerParts, turn: Turn, start: Progress): AsyncGenerator<TrainEvent, Progress>;
  /** They have trained. */
  endTurn(parts: TrainerParts, turn: Turn, start: Progress): AsyncGenerator<TrainEvent, Progress>;
  /** These clients, each of which tests rows of its own, get the newest head. */
  beginTest(
    parts: TrainerParts,
    start: Progress,
    clients: readonly number[],
  ): AsyncGenerator<TrainEvent, Progress>;
}

/** Clients that are to have a head, and have none, make the first one. */
export async function createHeads(
  { links, generation }: TrainerParts,
  clients: readonly number[],
  step: number,
): Promise<void> {
  await Promise.all(clients.map((client) => links[client].createHead({ generation, step })));
}

/** Client numbers of both lists, in order. */
export function joined(some: readonly number[], others: readonly number[]): readonly number[] {
  return [...new Set([...some, ...others])].sort((a, b) => a - b);
}
