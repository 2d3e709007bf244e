import { ProtocolError } from '../../core/errors.js';
import type { HandOverEvent } from '../../core/events.js';
import type { MovedOptimizers } from '../../link/messages.js';
import type { Turn } from '../schedule.js';
import type { TrainerParts } from '../trainer.js';
import { createHeads, type Sharing } from './sharing.js';

/** One head: it goes straight from the client that has it to the next one. */
export const handOverSharing: Sharing = {
  async *beginTurn(parts, turn, start) {
    const [{ client }] = turn.visits;
    const { holder } = start;
    if (holder === null) await createHeads(parts, [client], turn.firstStep);
    else if (holder !== client) {
      const optimizers = parts.handoff === 'weights' ? 'fresh_head' : 'moved';
      yield await handOver(parts, turn, { from: holder, to: client, optimizers, keepsCopy: false });
    }
    return { ...start, holder: client, holders: [client] };
  },

  // eslint-disable-next-line @typescript-eslint/require-await
  async *endTurn(_parts, _turn, start) {
    return start;
  },
};

/** Both clients are asked at once; each tells the SHA-256 of what it sent or took. */
export async function handOver(
  { links, generation }: TrainerParts,
  { round, firstStep: step }: Turn,
  moved: {
    readonly from: number;
    readonly to: number;
    readonly optimizers: MovedOptimizers;
    readonly keepsCopy: boolean;
  },
): Promise<HandOverEvent> {
  const { from, to, optimizers, keepsCopy } = moved;
  const request = { generation, step, round, from, to, optimizers };
  const [sent, taken] = await Promise.all([
    links[from].sendHead({ ...request, keepsCopy }),
    links[to].receiveHead(request),
  ]);
  if (sent.sha256 !== taken.sha256) throw otherHead('head', from, to, sent.sha256, taken.sha256);
  return { type: 'hand_over', round, steps: step, from, to, sha256: taken.sha256, bytes: taken.sizeBytes };
}

export function otherHead(
  what: string,
  from: number,
  to: number,
  sent: string | undefined,
  taken: string | undefined,
): ProtocolError {
  return new ProtocolError(
    'ERR_HAND_OVER',
    `Client ${to} took a ${what} with SHA-256 ${taken ?? 'none'}, but client ${from} sent ${sent ?? 'none'}.`,
    { from, to },
  );
}
