import { expect } from 'chai';
import { scheduleFor } from '../../../src/cli/plan.js';
import { configFrom } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/core/errors.js';
import { drawnClients } from '../../../src/server/schedule.js';

describe('scheduleFor', () => {
  const scheduleOf = (options: object) =>
    scheduleFor(configFrom({ n_workers: 3, n_epochs: 2, batch_size: 4, ...options }).config, [8, 8, 8], []);

  it('leaves out the visits that `skip_visits` names', () => {
    const turns = scheduleOf({ skip_visits: '1@0,2@1' });
    expect(turns.map(({ round, visits }) => [visits[0].client, round])).to.deep.equal([
      [0, 0],
      [2, 0],
      [0, 1],
      [1, 1],
    ]);
  });

  it('also one that `max_steps` would not reach', () => {
    expect(scheduleOf({ skip_visits: '2@1', max_steps: 1 })).to.have.length(1);
  });

  const [, , undrawn] = [...drawnClients(3, { clientFraction: 0.6, seed: 0 }, 0), 0, 1, 2].filter(
    (client, index, all) => all.indexOf(client) === index,
  );
  const wrong: Readonly<Record<string, [options: object, names: string]>> = {
    'a round too large': [{ skip_visits: '1@2' }, '1@2'],
    'a client too large': [{ skip_visits: '0@0,3@0' }, '3@0'],
    'a client that is not drawn': [{ skip_visits: `${undrawn}@0`, client_fraction: 0.6 }, `${undrawn}@0`],
  };
  for (const [what, [options, names]] of Object.entries(wrong))
    it(`refuses ${what} there`, () => {
      expect(() => scheduleOf(options)).to.throw(
        ConfigError,
        new RegExp(
          `^\\\`skip_visits\\\` names ${names}, but this run has no such visit: it has 2 rounds and 3 clients`,
        ),
      );
    });
});
