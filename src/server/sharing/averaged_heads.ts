import type { AverageEvent } from '../../core/events.js';
import type { MovedOptimizers } from '../../link/messages.js';
import type { OptimizerMean } from '../../engine/mean_state.js';
import type { Turn } from '../schedule.js';
import { testersAfter } from '../testers.js';
import type { TrainerParts } from '../trainer.js';
import { giveCopies, handRound, otherHead } from './hand_over.js';
import { pathOf } from './parcels.js';
import { createHeads, joined, type Sharing } from './sharing.js';

/**
 * Heads are averaged after every turn, weighted by the clients' rows, by a sum that goes from client to client: the last one
 * has the mean, which goes once round the next turn's clients; to those that test it before. The server sees no head.
 */
export const averagedHeads: Sharing = {
  async *beginTurn(parts, turn, start) {
    const clients = turn.visits.map(({ client }) => client);
    const { holder } = start;
    if (holder === null) {
      await createHeads(parts, clients, turn.firstStep);
      return { ...start, holders: clients };
    }
    const optimizers = movedOf[parts.splitfedOptimizer];
    const keepsAll = parts.splitfedOptimizer === 'keep';
    // A holder that is not drawn has done its part.
    const keepsCopy = (client: number) => keepsAll || clients.includes(client);
    // Those that tested rows of their own have it already.
    const tested = parts.hasOwnTests ? testersAfter(parts.schedule, start.turn) : [];
    const path = pathOf(
      holder,
      clients.filter((client) => !tested.includes(client)),
    );
    yield* handRound(parts, start, path, { optimizers, keepsCopy });
    return { ...start, holder: null, holders: keepsAll ? joined(start.holders, clients) : clients };
  },

  async *endTurn(parts, turn, start) {
    const clients = turn.visits.map(({ client }) => client);
    yield await average(parts, turn, clients);
    const holder = clients[clients.length - 1];
    return { ...start, holder, holders: parts.splitfedOptimizer === 'keep' ? start.holders : [holder] };
  },

  beginTest: (parts, start, clients) => giveCopies(parts, start, clients, movedOf[parts.splitfedOptimizer]),
};

const movedOf = {
  reset: 'fresh',
  average: 'moved',
  keep: 'own',
} as const satisfies Record<OptimizerMean, MovedOptimizers>;

/** All clients are asked at once; each waits for the sum of the one before. */
async function average(
  { links, generation, shardSizes, splitfedOptimizer: optimizers }: TrainerParts,
  { round, firstStep, numSteps }: Turn,
  clients: readonly number[],
): Promise<AverageEvent> {
  const steps = firstStep + numSteps;
  const totalWeight = clients.reduce((sum, client) => sum + shardSizes[client], 0);
  const receipts = await Promise.all(
    clients.map((client, index) =>
      links[client].averageHead({
        generation,
        step: steps,
        round,
        from: index === 0 ? null : clients[index - 1],
        to: index + 1 < clients.length ? clients[index + 1] : null,
        weight: shardSizes[client],
        totalWeight,
        optimizers,
      }),
    ),
  );
  let bytes = 0;
  for (const [index, { taken }] of receipts.entries()) {
    if (index === 0) continue;
    const { sent } = receipts[index - 1];
    if (sent?.sha256 !== taken?.sha256)
      throw otherHead('sum', clients[index - 1], clients[index], sent?.sha256, taken?.sha256);
    bytes += taken?.sizeBytes ?? 0;
  }
  const holder = clients[clients.length - 1];
  return { type: 'average', round, steps, clients: clients.length, holder, bytes };
}
