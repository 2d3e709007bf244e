import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bloom,
  bloomOutput,
  readJson,
  removeFolders,
  runDirectories,
  trainOnce,
} from '../support/e2e_command.js';
import { newFolder, type Running } from '../support/e2e_command.js';
import { openHosts, unionOf, type Hosts } from '../support/hosts.js';
import { describeWithNatsServer } from '../support/nats_server.js';

const NUM_CLIENTS = 3;
const OPTIONS = [
  ...['--n-workers', String(NUM_CLIENTS), '--n-epochs', '2', '--max-samples', '1500', '--plots', 'false'],
  ...['--checkpoint-min-s', '0', '--checkpoint-every', '5'],
];
/** Long enough to be caught in the middle of its visit. */
const SLOW = ['--chaos', 'slow=client1:60ms'];
/** In its first visit. */
const AT_CLIENT_1 = /client 0 +\d+ rows/;

describeWithNatsServer('clients on hosts of their own', () => {
  let hosts: Hosts;
  let undisturbed: Readonly<Record<string, string>>;

  before(async () => {
    const { directory } = await trainOnce(OPTIONS, { cwd: newFolder() });
    undisturbed = unionOf(directory);
  });
  beforeEach(async () => (hosts = await openHosts(NUM_CLIENTS)));
  afterEach(() => hosts.close());
  after(removeFolders);

  const clients = [0, 1, 2];
  const joinAll = () => clients.map((client) => hosts.join(client));
  const expectUndisturbed = () => {
    const folders = clients.map((client) => hosts.clientFolder(client));
    expect(unionOf(hosts.runDirectory(), folders)).to.deep.equal(undisturbed);
  };
  const expectEnd = async (running: Running, exitCode = 0) => {
    const { stdout, stderr, ...end } = await running.end;
    expect(end, stdout + stderr).to.deep.equal({ exitCode, signal: null });
    return stdout + stderr;
  };

  it('train to the bytes of one process; who is late is waited for, and told of', async () => {
    const [zero, two] = [hosts.join(0), hosts.join(2)];
    const server = hosts.serve(OPTIONS);
    await server.says(/waiting for 1 of 3 clients: 1\n/);
    const asked = await hosts.asServer(['status', hosts.broker.url, '--server']).end;
    expect(asked.stdout).to.match(
      /server +waiting\nclient-0 +waiting\nclient-1 +not there\nclient-2 +waiting\n/,
    );
    const one = hosts.join(1);
    await expectEnd(server);
    for (const running of [zero, one, two]) expect(await expectEnd(running)).to.match(/is over\n$/);
    expectUndisturbed();

    const directory = hosts.runDirectory();
    joinAll();
    const { stdout, stderr, exitCode } = await bloom(['evaluate', directory], { cwd: hosts.folder });
    expect(exitCode, stderr).to.equal(0);
    const { accuracy } = readJson(join(directory, 'summary.json')) as { accuracy: number };
    expect(stdout).to.include(`test accuracy ${accuracy.toFixed(4)}`);
  });

  it('go on to the same bytes when a client is killed in the middle of a batch, and started again', async () => {
    const [, one] = joinAll();
    const server = hosts.serve([...OPTIONS, ...SLOW]);
    await server.says(AT_CLIENT_1);
    one.kill('SIGKILL');
    await server.says(/client 1 is gone/);
    hosts.join(1);
    expect(await expectEnd(server)).to.match(/process of client 1 ended/);
    expectUndisturbed();
  });

  it('go on to the same bytes when the NATS server is killed, and started again', async () => {
    joinAll();
    const server = hosts.serve([...OPTIONS, ...SLOW]);
    await server.says(AT_CLIENT_1);
    await hosts.broker.restart();
    await expectEnd(server);
    expectUndisturbed();
  });

  it('wait for a server that was killed, and go on with it to the same bytes', async () => {
    joinAll();
    const server = hosts.serve([...OPTIONS, ...SLOW]);
    await server.says(AT_CLIENT_1);
    server.kill('SIGKILL');
    await server.end;
    await bloomOutput(['resume', hosts.runDirectory()], { cwd: hosts.folder });
    expectUndisturbed();
  });

  it('stop with a checkpoint where a client does not come back', async () => {
    const [, one] = joinAll();
    const server = hosts.serve([...OPTIONS, ...SLOW, '--rejoin-timeout-s', '1']);
    await server.says(AT_CLIENT_1);
    one.kill('SIGKILL');
    expect(await expectEnd(server, 1)).to.match(
      /Client 1 is gone\. It did not come back within 1 s .*resume/s,
    );
  });

  it('go on without a client that does not come back, where its visits are to be skipped', async () => {
    const [, one] = joinAll();
    const skip = ['--on-client-loss', 'skip', '--rejoin-timeout-s', '1'];
    const server = hosts.serve([...OPTIONS, ...SLOW, ...skip]);
    await server.says(AT_CLIENT_1);
    one.kill('SIGKILL');
    expect(await expectEnd(server)).to.match(/The visit 1@0 is left out/);
    const { skipped_visits } = readJson(join(hosts.runDirectory(), 'summary.json'));
    expect(skipped_visits).to.deep.equal(['1@0', '1@1']);

    const args = [...OPTIONS, '--skip-visits', '1@0,1@1'];
    const { directory } = await trainOnce(args, { cwd: newFolder() });
    const folders = [0, 2].map((client) => hosts.clientFolder(client));
    const { summary: skipped, ...left } = unionOf(hosts.runDirectory(), folders);
    expect(skipped).to.include('"accuracy"');
    expect(unionOf(directory)).to.deep.include(left);
  });

  it('refuse a list of another length, and one that is damaged', async () => {
    const server = hosts.serve(['--n-workers', '2']);
    expect(await expectEnd(server, 1)).to.include('`n_workers` is 2, but the list of peers has 3 clients');
    expect(runDirectories(hosts.folder)).to.deep.equal([]);
    writeFileSync(join(hosts.folder, 'bad.yaml'), 'no peers');
    const other = hosts.serve([...OPTIONS, '--peers', join(hosts.folder, 'bad.yaml')]);
    expect(await expectEnd(other, 1)).to.include('bad.yaml');
  });
});
