import { expect } from 'chai';
import { bloom, newFolder, readJson, removeFolders, runDirectories } from '../support/e2e_command.js';
import { describeTensorflow } from '../support/engines.js';
import { FOUR_PROCESSORS } from '../support/tensorflow_threads.js';
import { join } from 'node:path';

describe('devices', () => {
  after(removeFolders);
  const devices = (...args: readonly string[]) => bloom(['devices', ...args], { cwd: newFolder() });

  it('lists the devices of every engine, and which client and thread would be put where', async () => {
    const { exitCode, stdout } = await devices('--n-workers', '3', '--n-threads', '2', '--devices', 'cpu');
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^engine +version +device +memory$/m);
    expect(stdout).to.match(/^onnxruntime +\d[\d.]* +cpu +\d+\.\d GiB +\S/m);
    expect(stdout).to.match(/^tensorflow +(\d[\d.]* +(gpu:0|cpu) |.*`make tensorflow`)/m);
    expect(stdout).to.match(/^a run with these options, on (onnxruntime|tensorflow) \(auto: .+\):$/m);
    expect(stdout).to.match(/^ {2}server +\S+: tail$/m);
    expect(stdout).to.match(
      /^ {2}thread 0 +cpu: heads of clients 0, 2\n {2}thread 1 +cpu: head of client 1$/m,
    );
  });

  it('needs no data set', async () => {
    expect((await devices('--data-dir', 'nowhere')).exitCode).to.equal(0);
  });

  it('refuses a device that does not exist, with the list of those that do', async () => {
    for (const flag of ['--devices', '--tail-device']) {
      const { exitCode, stderr } = await devices('--engine', 'onnxruntime', flag, 'gpu:7');
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(
        /names "gpu:7", but engine "onnxruntime" \(asked for by `engine`\) sees only: cpu\./,
      );
    }
  });
});

describeTensorflow('tensorflow on four devices', () => {
  after(removeFolders);
  const env = { TFJS_NODE_CONFIG_PROTO: FOUR_PROCESSORS };
  const options = ['--engine', 'tensorflow', '--n-workers', '4', '--n-threads', '4'];

  it('are listed, shared evenly, and the tail has the last one', async () => {
    const { stdout } = await bloom(['devices', ...options], { cwd: newFolder(), env });
    for (const device of ['cpu:0', 'cpu:1', 'cpu:2', 'cpu:3'])
      expect(stdout).to.match(new RegExp(`^tensorflow +\\d[\\d.]* +${device} `, 'm'));
    expect(stdout.split(':\n')[1]).to.equal(
      [
        '  server    cpu:3: tail',
        ...[0, 1, 2, 3].map((thread) => `  thread ${thread}  cpu:${thread}: head of client ${thread}`),
        '',
      ].join('\n'),
    );
  });

  it('train, and give the same numbers as one', async () => {
    const train = async (more: readonly string[], environment = {}) => {
      const cwd = newFolder();
      const args = ['train', ...options, '--max-samples', '200', '--n-epochs', '1', ...more];
      const { exitCode, stderr } = await bloom(args, { cwd, env: environment });
      expect(exitCode, stderr).to.equal(0);
      return readJson(join(runDirectories(cwd)[0], 'summary.json'));
    };
    const four = await train(['--tail-device', 'cpu:1'], env);
    expect(four.devices).to.deep.equal({ tail: 'cpu:1', threads: ['cpu:0', 'cpu:1', 'cpu:2', 'cpu:3'] });
    const one = await train([]);
    expect(one.devices).to.deep.equal({ tail: 'cpu', threads: Array(4).fill('cpu') });
    for (const key of ['loss', 'accuracy', 'clients']) expect(four[key]).to.deep.equal(one[key]);
  });
});
