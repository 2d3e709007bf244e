import { expect } from 'chai';
import { ProtocolError } from '../../../../src/core/errors.js';
import { pathsUnder } from '../../../../src/link/nats/run_paths.js';
import { thrown } from '../../../support/link_errors.js';

describe('names of the files of a run on several hosts', () => {
  const server = pathsUnder('/runs/2026/14-03-22');
  const client = pathsUnder('/home/hospital/run');

  it('stand for a file in the folder of each', () => {
    const name = server.toName('/runs/2026/14-03-22/checkpoints/step-000500/client_1.safetensors');
    expect(name).to.equal('checkpoints/step-000500/client_1.safetensors');
    expect(client.toPath(name)).to.equal(`/home/hospital/run/${name}`);
  });

  it('never leave it', () => {
    for (const path of ['/runs/2026', '/runs/2026/14-03-22', '/runs/2026/14-03-222/x', '/etc/passwd'])
      thrown(() => server.toName(path), ProtocolError, 'ERR_PATH');
    const bad = [
      '',
      '.',
      '..',
      '../x',
      'a/../../x',
      'a/..',
      '/etc/passwd',
      'a//b',
      'a/',
      '.ssh/id',
      'a\\..\\b',
      'a\0b',
      'C:x',
    ];
    for (const name of bad) thrown(() => client.toPath(name), ProtocolError, 'ERR_PATH');
  });
});
