import { expect } from 'chai';
import { runOptions } from '../../../src/cli/run_options.js';
import { configFrom } from '../../../src/config/load.js';
import { keys } from '../../../src/config/keys.js';

describe('runOptions', () => {
  it('lists every option as text beside its default', () => {
    const options = runOptions(configFrom({ n_epochs: 10, optimizer: { tail: { lr: 0.5 } } }).config);
    expect(options).to.have.length(keys.filter(({ isSensitive }) => !isSensitive).length);
    expect(options).to.deep.include({ name: 'n_epochs', value: '10', default: '5' });
    expect(options).to.deep.include({ name: 'optimizer.tail.lr', value: '0.5', default: '0.01' });
    expect(options.filter(({ value, default: standard }) => value !== standard)).to.have.length(2);
  });

  it('takes an option for its default however the default is spelled', () => {
    const differing = runOptions(configFrom({}).config).filter((option) => option.value !== option.default);
    expect(differing).to.deep.equal([]);
  });

  it('leaves secrets out', () => {
    const options = runOptions(configFrom({ wandb: { key: 'a-secret' } }).config);
    expect(JSON.stringify(options)).not.to.include('a-secret');
    expect(options.map(({ name }) => name)).not.to.include('wandb.key');
  });
});
