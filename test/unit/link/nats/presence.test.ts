import { expect } from 'chai';
import { ProtocolError } from '../../../../src/core/errors.js';
import { encodeMessage } from '../../../../src/link/nats/message_bytes.js';
import { beat, Presence, watchBeats, type PresenceChange } from '../../../../src/link/nats/presence.js';
import { FakeBroker } from '../../../support/fake_broker.js';

describe('presence', () => {
  let nowMs: number;
  let changes: PresenceChange[];
  let presence: Presence;
  beforeEach(() => {
    nowMs = 1_000_000;
    changes = [];
    presence = new Presence(
      10_000,
      () => nowMs,
      (change) => changes.push(change),
    );
  });
  /** A second after the other. */
  const pass = (seconds: number, each: () => void = () => undefined) => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1000;
      each();
      presence.check();
    }
  };
  const came = (name: string, session: string) => ({ type: 'came', name, session });
  const lost = (name: string, session: string, why: string) => ({ type: 'lost', name, session, why });

  it('is told once, and lasts as long as there are heartbeats', () => {
    pass(60, () => {
      presence.heard('2', { session: 'a', step: nowMs });
    });
    expect(changes).to.deep.equal([came('2', 'a')]);
    expect([...presence.here]).to.deep.equal([
      ['2', { state: { session: 'a', step: nowMs }, lastMs: nowMs }],
    ]);
  });

  it('ends after 10 s without one, for each by itself, and begins again', () => {
    presence.heard('1', { session: 'a' });
    presence.heard('2', { session: 'b' });
    const goOn = () => {
      presence.heard('2', { session: 'b' });
    };
    pass(10, goOn);
    expect(changes.splice(0)).to.deep.equal([came('1', 'a'), came('2', 'b')]);
    pass(1, goOn);
    expect(changes.splice(0)).to.deep.equal([lost('1', 'a', 'silent')]);
    pass(20, goOn);
    presence.heard('1', { session: 'a' });
    expect(changes).to.deep.equal([came('1', 'a')]);
  });

  it('ends at once where the party was started anew', () => {
    presence.heard('1', { session: 'a' });
    presence.heard('1', { session: 'b' });
    expect(changes).to.deep.equal([came('1', 'a'), lost('1', 'a', 'restarted'), came('1', 'b')]);
  });

  it('is not doubted by who was stopped itself', () => {
    presence.heard('1', { session: 'a' });
    nowMs += 3_600_000;
    presence.check();
    expect(changes).to.deep.equal([came('1', 'a')]);
    pass(11);
    expect(changes.at(-1)).to.deep.equal(lost('1', 'a', 'silent'));
  });

  it('is what heartbeats over a connection tell', async () => {
    const broker = new FakeBroker(1000);
    const heard: unknown[] = [];
    const three = new Promise<void>((resolve) => {
      watchBeats(broker.connection(), 'x.beat.*', (name, state) => {
        if (heard.push([name, state]) === 3) resolve();
      });
    });
    let step = 0;
    const beats = beat(broker.connection(), 'x.beat.7', () => ({ session: 'a', step: step++ }), 1);
    await three;
    beats.close();
    expect(heard.slice(0, 3)).to.deep.equal([0, 1, 2].map((at) => ['7', { session: 'a', step: at }]));
  });

  it('takes no heartbeat without a session', async () => {
    const broker = new FakeBroker(1000);
    watchBeats(broker.connection(), 'x.beat.*', () => expect.fail('it was taken'));
    for (const state of [null, 3, {}, { session: 3 }])
      broker.connection().publish('x.beat.1', encodeMessage(state).bytes);
    await broker.quiet();
    expect(broker.refused).to.have.length(4);
    for (const error of broker.refused) expect(error).to.be.instanceOf(ProtocolError);
  });
});
