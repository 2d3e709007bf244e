import type { Scheme } from '../schemes/scheme.js';
import { testersAfter } from '../testers.js';
import type { TrainerParts } from '../trainer.js';

/** A head, or a sum of heads, that goes from a client after so many batches. */
export interface PlannedParcel {
  readonly client: number;
  readonly step: number;
  readonly parcel: 'head' | 'sum';
}

/** Everything that goes from client to client in a whole run, in order. */
export function parcelsOf(
  { heads }: Scheme,
  { schedule, hasOwnTests }: Pick<TrainerParts, 'schedule' | 'hasOwnTests'>,
): readonly PlannedParcel[] {
  if (heads === 'own') return [];
  const parcels: PlannedParcel[] = [];
  /** All of a path but the last send one on. */
  const send = (path: readonly number[], step: number, parcel: PlannedParcel['parcel']) => {
    parcels.push(...path.slice(0, -1).map((client) => ({ client, step, parcel })));
  };
  let holder: number | undefined;
  let having: readonly number[] = [];
  for (const [index, { round, visits, firstStep, numSteps }] of schedule.entries()) {
    const clients = visits.map(({ client }) => client);
    const without = clients.filter((client) => !having.includes(client));
    send(pathOf(holder, without), firstStep, 'head');
    const steps = firstStep + numSteps;
    if (heads === 'averaged') send(clients, steps, 'sum');
    holder = clients[clients.length - 1];
    having = [holder];
    if (!hasOwnTests || schedule.at(index + 1)?.round === round) continue;
    having = testersAfter(schedule, index + 1);
    const path = pathOf(holder, having);
    send(path, steps, 'head');
    holder = path[path.length - 1];
  }
  return parcels;
}

/** Who hands the head to whom: from its holder, if any, once round the clients. */
export function pathOf(holder: number | null | undefined, clients: readonly number[]): readonly number[] {
  if (holder === null || holder === undefined) return [];
  return [holder, ...clients.filter((client) => client !== holder)];
}
