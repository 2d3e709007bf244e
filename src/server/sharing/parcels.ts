import type { Turn } from '../schedule.js';
import type { Scheme } from '../schemes/scheme.js';

/** A head, or a sum of heads, that goes from a client after so many batches. */
export interface PlannedParcel {
  readonly client: number;
  readonly step: number;
  readonly parcel: 'head' | 'sum';
}

/** Everything that goes from client to client in a whole run, in order. */
export function parcelsOf(scheme: Scheme, schedule: readonly Turn[]): readonly PlannedParcel[] {
  return schedule.flatMap((turn, index) => {
    const clients = turn.visits.map(({ client }) => client);
    const before = index === 0 ? undefined : schedule[index - 1].visits.at(-1)?.client;
    const { firstStep, numSteps } = turn;
    const heads = pathOf(before, clients)
      .slice(0, -1)
      .map((client) => ({ client, step: firstStep, parcel: 'head' as const }));
    const sums = clients
      .slice(0, -1)
      .map((client) => ({ client, step: firstStep + numSteps, parcel: 'sum' as const }));
    switch (scheme.heads) {
      case 'handed_over':
        return heads;
      case 'averaged':
        return [...heads, ...sums];
      case 'own':
        return [];
      default:
        return scheme.heads satisfies never;
    }
  });
}

/** Who hands the head to whom at the start of a turn: from its holder, if any, once round the clients. */
export function pathOf(holder: number | null | undefined, clients: readonly number[]): readonly number[] {
  if (holder === null || holder === undefined) return [];
  return [holder, ...clients.filter((client) => client !== holder)];
}
