import { expect } from 'chai';
import { failedVisit } from '../../../src/cli/client_loss.js';
import { ClientLostError } from '../../../src/core/errors.js';
import { threeRounds } from '../../support/schedules.js';

const lost = (client: number) => new ClientLostError('ERR_CLIENT_LOST', 'It is gone.', { client });

describe('the visit that failed', () => {
  const ring = threeRounds('sequential');
  const turns = ring.map(({ round, visits }) => [round, visits[0].client] as const);
  const placeOf = (round: number, client: number) =>
    turns.findIndex(([itsRound, itsClient]) => itsRound === round && itsClient === client);
  const [first, second, last] = ring.slice(3, 6).map(({ visits }) => visits[0].client);

  it('is the one under way', () => {
    const turn = placeOf(1, second);
    const found = failedVisit(ring, { round: 1, turn }, lost(second));
    expect(found).to.deep.equal({ name: `${second}@1`, turn, isLongOver: false });
  });

  it('is the last one of the client that is to blame, also in the round before', () => {
    const found = failedVisit(ring, { round: 1, turn: placeOf(1, first) }, lost(last));
    expect(found.name).to.match(new RegExp(`^${last}@[01]$`));
    expect(found.isLongOver).to.equal(false);
  });

  it('in the test at the end of a round is of that round, and not of the next one', () => {
    for (const client of [first, second, last]) {
      const found = failedVisit(ring, { round: 1, turn: 6 }, lost(client));
      expect(found).to.deep.equal({ name: `${client}@1`, turn: placeOf(1, client), isLongOver: false });
    }
    const sideBySide = threeRounds('splitfed_v1');
    expect(failedVisit(sideBySide, { round: 0, turn: 1 }, lost(2)).name).to.equal('2@0');
    expect(failedVisit(sideBySide, { round: 1, turn: 1 }, lost(2)).name).to.equal('2@1');
  });

  it('in the last test is of the last round', () => {
    expect(failedVisit(ring, { round: 2, turn: 9 }, lost(first)).name).to.equal(`${first}@2`);
  });

  it('is long over where the client took part in no round since', () => {
    const without = ring.filter(({ round, visits }) => round === 0 || visits[0].client !== first);
    const found = failedVisit(without, { round: 2, turn: without.length }, lost(first));
    expect(found).to.deep.equal({ name: `${first}@0`, turn: placeOf(0, first), isLongOver: true });
  });
});
