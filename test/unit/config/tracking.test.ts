import { expect } from 'chai';
import { environmentWithoutOptions, loadTracking } from '../../../src/config/tracking.js';
import { configErrorOf, withEnvironment, withFile } from '../../support/config_sources.js';

const SECRET = '8091734650';

/** What `track` is told by a run's file, its environment and its flags. */
function tracking(
  yaml: string,
  env: Readonly<Record<string, string>>,
  flags: Readonly<Record<string, string>> = {},
) {
  const given = new Map(Object.entries(flags).map(([name, value]) => [name, [value]]));
  return withFile(yaml, (path) => withEnvironment(env, () => loadTracking(path, given)));
}

describe('how a run is sent', () => {
  it('is as the run was configured, whatever the environment says of other runs', () => {
    const env = {
      WANDB_PROJECT: 'q',
      WANDB_MODE: 'offline',
      EPOCHS: 'nonsense',
      BLOOM_NONE: '1',
      BLOOM_LOCAL_EPOCHS: '3',
      WANDB_API_KEY: SECRET,
    };
    const { run, wandb } = tracking('{ seed: 3, wandb: { project: p, entity: team } }', env);
    expect(wandb).to.include({ project: 'p', entity: 'team', mode: 'online', key: SECRET });
    expect(run).to.include({ seed: 3, n_epochs: 5 });
    expect(run.wandb.key).to.equal('');
  });

  it('may be changed by flags', () => {
    const { run, wandb } = tracking(
      'wandb: { project: p }',
      {},
      { 'wandb-project': 'q', 'wandb-base-url': 'http://x' },
    );
    expect(wandb).to.include({ project: 'q', base_url: 'http://x', key: '' });
    expect(run.wandb.project).to.equal('p');
  });

  it('takes the key from either variable, never from a file', () => {
    expect(tracking('', { BLOOM_WANDB_KEY: SECRET }).wandb.key).to.equal(SECRET);
    expect(tracking(`wandb: { key: '${SECRET}' }`, {}).wandb.key).to.equal('');
    const error = configErrorOf(() => tracking('', { BLOOM_WANDB_KEY: SECRET, WANDB_API_KEY: 'another' }));
    expect(error).to.include({ code: 'ERR_CONFIG_TWO_NAMES' });
    expect(error.message).not.to.include(SECRET);
  });

  it('needs the directory of a run', () => {
    const error = configErrorOf(() => loadTracking('/nowhere/config.yaml', new Map()));
    expect(error.message).to.include('Give a run directory');
  });
});

describe('the environment of a process of ours', () => {
  it('has no option in it, and all else', () => {
    const env = {
      WANDB_API_KEY: SECRET,
      BLOOM_WANDB_KEY: SECRET,
      WORKERS: '3',
      BLOOM_SEED: '1',
      HOME_OF_TEST: 'x',
    };
    const given = withEnvironment(env, environmentWithoutOptions);
    expect(given).to.include({ HOME_OF_TEST: 'x', PATH: process.env.PATH });
    expect(given).not.to.have.any.keys('WANDB_API_KEY', 'BLOOM_WANDB_KEY', 'WORKERS', 'BLOOM_SEED');
    expect(JSON.stringify(given)).not.to.include(SECRET);
  });
});
