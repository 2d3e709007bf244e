import { expect } from 'chai';
import {
  clientPermissions,
  serverPermissions,
  subjectsOf,
  type Permissions,
} from '../../../../src/link/nats/subjects.js';
import { matches } from '../../../support/fake_broker.js';

describe('subjects of a run', () => {
  const RUN = '0123456789abcdef';
  const of = subjectsOf(RUN);
  const clients = [0, 1, 10];
  const all = [
    ...clients.flatMap((client) => {
      const { requests, replies } = of.call(client);
      return [requests, replies, of.beat(client)];
    }),
    ...clients.flatMap((from) =>
      clients.flatMap((to) => {
        const { requests, replies } = of.mail(from, to);
        return from === to ? [] : [requests, replies];
      }),
    ),
    of.serverBeat,
  ];
  const allowed = (patterns: readonly string[]) =>
    all.filter((subject) => patterns.some((pattern) => matches(pattern, subject)));
  const sees = ({ publish, subscribe }: Permissions) => [allowed(publish).sort(), allowed(subscribe).sort()];

  it('are all different, and none is of another run', () => {
    expect(new Set(all)).to.have.property('size', all.length);
    for (const subject of all) expect(subject).to.match(/^bloom\.0123456789abcdef\.[\w.]+$/);
    expect(allowed(serverPermissions('fedcba9876543210').publish)).to.deep.equal([]);
  });

  it('of a client are those that it needs', () => {
    const [publish, subscribe] = sees(clientPermissions(RUN, 1));
    const others = [0, 10];
    const sent = [of.call(1).replies, of.beat(1), ...others.map((to) => of.mail(1, to).requests)];
    expect(publish).to.deep.equal([...sent, ...others.map((from) => of.mail(from, 1).replies)].sort());
    const beats = [...clients.map((client) => of.beat(client)), of.serverBeat];
    const got = [of.call(1).requests, ...beats, ...others.map((from) => of.mail(from, 1).requests)];
    expect(subscribe).to.deep.equal([...got, ...others.map((to) => of.mail(1, to).replies)].sort());
  });

  it('of the server are none of what goes between clients', () => {
    const [publish, subscribe] = sees(serverPermissions(RUN));
    expect(publish).to.deep.equal(
      [...clients.map((client) => of.call(client).requests), of.serverBeat].sort(),
    );
    const beats = [...clients.map((client) => of.beat(client)), of.serverBeat];
    expect(subscribe).to.deep.equal([...clients.map((client) => of.call(client).replies), ...beats].sort());
    expect(allowed([of.allBeats]).sort()).to.deep.equal(beats.sort());
  });
});
