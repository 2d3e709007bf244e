import { createHeads, joined, type Sharing } from './sharing.js';

/** Every client has a head of its own from its first turn on. */
export const ownHeads: Sharing = {
  async *beginTurn(parts, turn, start) {
    const clients = turn.visits.map(({ client }) => client);
    const without = clients.filter((client) => !start.holders.includes(client));
    await createHeads(parts, without, turn.firstStep);
    return { ...start, holders: joined(start.holders, clients) };
  },

  // eslint-disable-next-line @typescript-eslint/require-await
  async *endTurn(_parts, _turn, start) {
    return start;
  },

  // eslint-disable-next-line @typescript-eslint/require-await
  async *beginTest(_parts, start) {
    return start;
  },
};
