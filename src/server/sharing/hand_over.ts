import { ProtocolError } from '../../core/errors.js';
import type { HandOverEvent, TrainEvent } from '../../core/events.js';
import type { MovedOptimizers } from '../../link/messages.js';
import { stepsDone, type Progress } from '../progress.js';
import type { TrainerParts } from '../trainer.js';
import { pathOf } from './parcels.js';
import { createHeads, joined, type Sharing } from './sharing.js';

/** One head: it goes straight from the client that has it to the next one. */
export const handOverSharing: Sharing = {
  async *beginTurn(parts, turn, start) {
    const [{ client }] = turn.visits;
    const { holder, holders } = start;
    if (holder === null) await createHeads(parts, [client], turn.firstStep);
    // Whoever tested it has it already.
    else if (!holders.includes(client))
      yield* handRound(parts, start, [holder, client], {
        optimizers: movedOf(parts),
        keepsCopy: () => false,
      });
    return { ...start, holder: client, holders: [client] };
  },

  // eslint-disable-next-line @typescript-eslint/require-await
  async *endTurn(_parts, _turn, start) {
    return start;
  },

  beginTest: (parts, start, clients) => giveCopies(parts, start, clients, movedOf(parts)),
};

function movedOf({ handoff }: TrainerParts): MovedOptimizers {
  return handoff === 'weights' ? 'fresh_head' : 'moved';
}

/** The newest head goes from its holder once round these clients, and all keep it; who got it last is its holder then. */
export async function* giveCopies(
  parts: TrainerParts,
  start: Progress,
  clients: readonly number[],
  optimizers: MovedOptimizers,
): AsyncGenerator<TrainEvent, Progress> {
  const path = pathOf(start.holder, clients);
  yield* handRound(parts, start, path, { optimizers, keepsCopy: () => true });
  return { ...start, holder: path[path.length - 1], holders: joined(start.holders, clients) };
}

/** The head goes from each client of the path to the next. */
export async function* handRound(
  { links, generation, schedule }: TrainerParts,
  progress: Progress,
  path: readonly number[],
  moved: { readonly optimizers: MovedOptimizers; readonly keepsCopy: (client: number) => boolean },
): AsyncGenerator<HandOverEvent> {
  const { optimizers, keepsCopy } = moved;
  const { round } = progress;
  const step = stepsDone(schedule, progress);
  for (const [index, from] of path.slice(0, -1).entries()) {
    const to = path[index + 1];
    const request = { generation, step, round, from, to, optimizers };
    // Both clients are asked at once; each tells the SHA-256 of what it sent or took.
    const [sent, taken] = await Promise.all([
      links[from].sendHead({ ...request, keepsCopy: keepsCopy(from) }),
      links[to].receiveHead(request),
    ]);
    if (sent.sha256 !== taken.sha256) throw otherHead('head', from, to, sent.sha256, taken.sha256);
    yield { type: 'hand_over', round, steps: step, from, to, sha256: taken.sha256, bytes: taken.sizeBytes };
  }
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
