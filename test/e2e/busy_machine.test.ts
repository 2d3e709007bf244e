import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { newFolder, removeFolders, trainOnce } from '../support/e2e_command.js';
import { resultOf } from '../support/run_bytes.js';

const SMALL = ['--n-workers', '3', '--max-samples', '300', '--n-epochs', '2', '--forgetting-samples', '60'];

describe('a machine that is busy', () => {
  const others: ChildProcess[] = [];
  after(() => {
    for (const other of others) other.kill('SIGKILL');
    removeFolders();
  });

  it('changes no number: other processes take every core while a run goes on', async () => {
    const result = async () => resultOf((await trainOnce(SMALL, { cwd: newFolder() })).directory);
    const alone = await result();
    for (let core = 0; core < availableParallelism(); core++) {
      const args = ['-e', 'process.stdout.write("busy"); for (;;);'];
      const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      others.push(other);
      await once(other.stdout, 'data');
    }
    expect(await result()).to.deep.equal(alone);
    expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).to.deep.equal(
      others.map(() => null),
    );
  });
});
