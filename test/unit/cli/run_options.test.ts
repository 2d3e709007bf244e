import { expect } from 'chai';
import { runOptions } from '../../../src/cli/run_options.js';
import { keys } from '../../../src/config/keys.js';
import { configFrom } from '../../../src/config/load.js';

describe('runOptions', () => {
  it('lists every option as text beside its default, and says which were changed', () => {
    const options = runOptions(configFrom({ n_epochs: 10, optimizer: { tail: { lr: 0.5 } } }));
    expect(options).to.have.length(keys.filter(({ isSensitive }) => !isSensitive).length);
    expect(options).to.deep.include({ name: 'n_epochs', value: '10', default: '5', isChanged: true });
    expect(options).to.deep.include({
      name: 'optimizer.tail.lr',
      value: '0.5',
      default: '0.01',
      isChanged: true,
    });
    expect(options.filter(({ isChanged }) => isChanged)).to.have.length(2);
  });

  it('takes the word of where it ran for what was changed: a default folder depends on the place', () => {
    const { config } = configFrom({ datasets_dir: '/elsewhere/datasets' });
    const options = runOptions({ config, overrides: ['seed=0', 'n_epochs_of_old=3'] });
    expect(options.filter(({ isChanged }) => isChanged).map(({ name }) => name)).to.deep.equal(['seed']);
  });

  it('leaves secrets out', () => {
    const options = runOptions(configFrom({ wandb: { key: 'a-secret' } }));
    expect(JSON.stringify(options)).not.to.include('a-secret');
    expect(options.map(({ name }) => name)).not.to.include('wandb.key');
  });
});
