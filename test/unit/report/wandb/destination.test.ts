import { expect } from 'chai';
import { inspect } from 'node:util';
import { checkDestination } from '../../../../src/report/wandb/destination.js';

const good = { baseUrl: 'https://api.wandb.ai', project: 'p', entity: '' };

describe('where runs are sent to', () => {
  it('is an address, without a slash at its end', () => {
    expect(checkDestination(good)).to.deep.equal(good);
    const own = checkDestination({ ...good, baseUrl: 'http://localhost:8080/wandb//' });
    expect(own.baseUrl).to.equal('http://localhost:8080/wandb');
  });

  const refused = {
    'api.wandb.ai': 'not an address',
    '': 'not an address',
    'ftp://x': 'neither https:// nor http://',
    'https://x/?a=hidden1': 'query',
    'https://x/#hidden1': 'fragment',
    'https://api:hidden1@x': 'user name or password',
    'https://hidden1@x': 'user name or password',
  };
  for (const [baseUrl, why] of Object.entries(refused))
    it(`is not "${baseUrl}", and what else may be in it is not repeated`, () => {
      const error = errorOf(() => checkDestination({ ...good, baseUrl }));
      expect(error).to.include({ name: 'ConfigError', code: 'ERR_WANDB_BASE_URL' });
      expect(error.message).to.include(why);
      expect(inspect(error, { depth: 9, showHidden: true })).not.to.include('hidden1');
    });

  it('has a project with a name that W&B takes', () => {
    for (const project of ['a b', '\u00fc_1-2.3', 'x'.repeat(128)]) checkDestination({ ...good, project });
    for (const project of ['', 'a/b', 'a\\b', 'a#', 'a?', 'a%', 'a:', 'x'.repeat(129)])
      expect(errorOf(() => checkDestination({ ...good, project }))).to.include({ code: 'ERR_WANDB_PROJECT' });
  });
});

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It should have been refused.');
}
