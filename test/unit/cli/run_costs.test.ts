import { expect } from 'chai';
import { RunCosts } from '../../../src/cli/run_costs.js';
import type { TrainEvent } from '../../../src/core/events.js';
import type { Link } from '../../../src/link/link.js';
import { noTails } from '../../../src/server/tails/no_tails.js';

const visit = (client: number): TrainEvent => ({
  ...{ type: 'visit', round: 0, client, steps: 2, rows: 4 },
  ...{ loss: 1, accuracy: 0, weighted_f1: 0 },
});
const scores = { loss: 1, accuracy: 0, weighted_f1: 0 };
const round: TrainEvent = { type: 'round', round: 0, steps: 2, rows: 8, train: scores, test: scores };

/** Costs of two clients, whose answers the test gives. */
function openCosts() {
  const asked: number[] = [];
  const answers: { readonly resolve: (ms: number) => void; readonly reject: (error: Error) => void }[] = [];
  const links = [0, 1].map((client) => ({
    client,
    takeSpentMs: () => {
      asked.push(client);
      return new Promise<number>((resolve, reject) => (answers[client] = { resolve, reject }));
    },
  }));
  const costs = new RunCosts({ links: links as unknown as readonly Link[], tails: noTails }, undefined);
  return { costs, asked, answers };
}

describe('RunCosts', () => {
  it('asks all clients of a turn before any has answered, and counts the answers at the next event', async () => {
    const { costs, asked, answers } = openCosts();
    await costs.event(visit(0));
    await costs.event(visit(1));
    expect(asked).to.deep.equal([0, 1]);
    answers[1].resolve(2000);
    answers[0].resolve(1000);
    await costs.event(round);
    expect(costs.soFar.seconds.clients.map(({ compute }) => compute)).to.deep.equal([1, 2]);
  });

  it('throws at the next event what a client answered instead', async () => {
    const { costs, answers } = openCosts();
    await costs.event(visit(0));
    const gone = new Error('gone');
    answers[0].reject(gone);
    const failure = await costs.event(round).catch((error: unknown) => error);
    expect(failure).to.equal(gone);
  });

  it('has the answers in it once they are waited for, without an event in between', async () => {
    const { costs, answers } = openCosts();
    await costs.event(visit(0));
    answers[0].resolve(500);
    await costs.answered();
    expect(costs.soFar.seconds.clients[0].compute).to.equal(0.5);
  });
});
