import { expect } from 'chai';
import { once } from 'node:events';
import { Patience } from '../../../../src/report/wandb/patience.js';

/** Waits that end at once, and are written down. */
function recordedWaits(graceMs = 5) {
  const waits: number[] = [];
  const sleep = (ms: number) => Promise.resolve(waits.push(ms));
  return { waits, patience: new Patience({ maxAttempts: Infinity, graceMs, sleep }) };
}

/** Waits that end only when they are cut short. */
function endlessWaits() {
  const sleep = (_ms: number, signal: AbortSignal) =>
    once(signal, 'abort').then(() => signal.throwIfAborted());
  return new Patience({ maxAttempts: Infinity, graceMs: 5, sleep });
}

describe('patience', () => {
  it('waits twice as long each time, and a minute at most', async () => {
    const { waits, patience } = recordedWaits();
    for (let attempt = 1; attempt <= 8; attempt++) await patience.backOff(attempt, 0);
    await patience.backOff(2000, 0);
    expect(waits).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('waits as long as the server asks for, also in a hurry', async () => {
    const { waits, patience } = recordedWaits(60_000);
    await patience.backOff(1, 7000);
    await patience.backOff(5, 7000);
    patience.hurry();
    await patience.backOff(5, 7000);
    await patience.backOff(5, 0);
    expect(waits).to.deep.equal([7000, 16_000, 7000, 1000]);
  });

  it('allows so many attempts', () => {
    const patience = new Patience({ maxAttempts: 3, graceMs: 5 });
    expect([1, 2, 3].map((attempt) => patience.mayRetry(attempt))).to.deep.equal([true, true, false]);
  });

  it('in a hurry ends a wait that has begun, but not one that the server asked for', async () => {
    const patience = endlessWaits();
    const cut = [patience.pause(1e9), patience.backOff(9, 0)];
    const asked = patience.backOff(1, 1e9).then(() => patience.end.aborted);
    patience.hurry();
    await Promise.all(cut);
    expect(await asked).to.equal(true);
  });

  it('in a hurry gives up after a few failures, and counts anew after an answer', () => {
    const { patience } = recordedWaits(60_000);
    patience.hurry();
    expect([8, 9, 10].map((attempt) => patience.mayRetry(attempt))).to.deep.equal([true, true, false]);
    patience.answered();
    expect(patience.mayRetry(1)).to.equal(true);
  });

  it('in a hurry is at its end when nobody answers for a while', async () => {
    const patience = endlessWaits();
    expect(patience.isHurried).to.equal(false);
    patience.answered();
    patience.hurry();
    expect([patience.isHurried, patience.end.aborted]).to.deep.equal([true, false]);
    await patience.pause(1e9);
    expect(patience.end.aborted).to.equal(true);
    expect(patience.mayRetry(1)).to.equal(false);
  });
});
