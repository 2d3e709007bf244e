import { expect } from 'chai';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClientHost, type ClientHostOptions } from '../../../../src/cli/hosts/client_host.js';
import { foldersOf } from '../../../support/folders.js';

describe('the checkpoints that a client keeps', () => {
  const newFolder = foldersOf();
  const hostIn = (folder: string) => new ClientHost({ folder } as ClientHostOptions);
  const keep = { run: 'a_run', folders: ['step-2', 'step-3'] };

  it('are those that the server names', async () => {
    const folder = newFolder();
    const checkpoints = join(folder, 'a_run', 'checkpoints');
    for (const name of ['step-1', 'step-2']) mkdirSync(join(checkpoints, name), { recursive: true });
    await hostIn(folder).keepStates(keep);
    expect(readdirSync(checkpoints)).to.deep.equal(['step-2']);
  });

  it('may be none yet, but must be readable', async () => {
    const folder = newFolder();
    await hostIn(folder).keepStates(keep);
    mkdirSync(join(folder, 'a_run'));
    writeFileSync(join(folder, 'a_run', 'checkpoints'), '');
    const error: unknown = await hostIn(folder)
      .keepStates(keep)
      .catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'ENOTDIR');
  });
});
