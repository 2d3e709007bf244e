import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { modes, schemes } from '../../src/server/schemes/registry.js';
import { unionOf } from '../support/hosts.js';
import { describeWithNatsServer } from '../support/nats_server.js';
import { removeRuns, trainHere, type ProcessRun } from '../support/run_in_process.js';

/** Three clients with 120, 100 and 80 rows or so. */
const SMALL = {
  n_workers: 3,
  n_threads: 2,
  n_epochs: 2,
  max_samples: 300,
  data_split: 'num_samples',
  samples_sigma: 0.3,
  forgetting_samples: 60,
};

const variants = modes
  .filter((mode) => !schemes[mode].joinsRows)
  .flatMap((mode) =>
    (schemes[mode].tails === 'none' ? [false] : [false, true]).map((u_shaped) => ({ mode, u_shaped })),
  );

describeWithNatsServer('runs over NATS, every client in a process of its own', () => {
  after(removeRuns);

  const expectUnion = ({ error, directory }: ProcessRun) => {
    expect(error).to.equal(undefined);
    const clients = join(dirname(dirname(directory)), 'clients');
    const folders = readdirSync(clients).map((name) => join(clients, name));
    return expect(unionOf(directory, folders));
  };

  for (const variant of variants) {
    it(`give the bytes of threads: ${variant.mode}${variant.u_shaped ? ', U-shaped' : ''}`, async () => {
      const options = { ...SMALL, ...variant };
      const onThreads = await trainHere(options);
      expect(onThreads.error).to.equal(undefined);
      expectUnion(await trainHere({ ...options, link: 'nats' })).to.deep.equal(unionOf(onThreads.directory));
    });
  }

  it('give them where a client is lost, a head is corrupted on its way, and a visit is left out', async () => {
    const onThreads = await trainHere(SMALL);
    const steps = onThreads.events.filter((event) => event.type === 'step');
    const step = steps.filter(({ client, round }) => client === 1 && round === 0)[1].step;
    const often = { checkpoint_every: 3, checkpoint_min_s: 0, link: 'nats' };
    const chaos = `kill=client1@step${step}`;
    const retried = await trainHere({ ...SMALL, ...often, chaos: `${chaos},corrupt=handover3` });
    expectUnion(retried).to.deep.equal(unionOf(onThreads.directory));
    expect(retried.warnings.join('\n'))
      .to.match(/client 1 ended/)
      .and.match(/refused the head/);

    const left = await trainHere({ ...SMALL, skip_visits: '1@0' });
    expectUnion(await trainHere({ ...SMALL, ...often, chaos, on_client_loss: 'skip' })).to.deep.equal(
      unionOf(left.directory),
    );
  });
});
