import { expect } from 'chai';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, bloomOutput, newFolder, removeFolders } from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';

/** Every private text of the key files in a folder. */
const secretsIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.key.yaml'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/(?<=: )(SU|MC)\S+/g) ?? []);

describe('keys, peers and broker-config', () => {
  after(removeFolders);

  async function refused(args: readonly string[], cwd: string): Promise<string> {
    const before = readdirSync(cwd);
    const { exitCode, stderr } = await bloom(args, { cwd });
    expect(exitCode).to.be.greaterThan(0);
    expectOneMessage(stderr);
    expect(readdirSync(cwd)).to.deep.equal(before);
    return stderr;
  }

  it('each party makes its keys, and the public halves become one list and the broker its users', async () => {
    const cwd = newFolder();
    const printed: string[] = [];
    for (const party of [['--server'], ['--client', '0'], ['--client', '1']])
      printed.push(await bloomOutput(['keys', ...party], { cwd }));
    expect(printed[1]).to.match(
      /^client-0\.key\.yaml +private: stays on this machine.*\nclient-0\.pub\.yaml +public: /,
    );
    expect(statSync(join(cwd, 'client-0.key.yaml')).mode & 0o777).to.equal(0o600);

    const halves = ['client-1.pub.yaml', 'server.pub.yaml', 'client-0.pub.yaml'];
    const list = await bloom(['peers', ...halves, '--out', 'peers.yaml'], { cwd });
    expect(list.stdout).to.equal('');
    const fingerprint = /^[0-9a-f]{64}$/m.exec(list.stderr)?.[0];
    expect(list.stderr).to.include(`run ${fingerprint!.slice(0, 16)}, the server and 2 clients`);
    const again = await bloom(['peers', 'peers.yaml'], { cwd });
    expect(again.stdout).to.equal(readFileSync(join(cwd, 'peers.yaml'), 'utf8'));
    expect(again.stderr).to.equal(list.stderr);

    const config = await bloomOutput(['broker-config', '--peers', 'peers.yaml'], { cwd });
    expect(config).to.include('listen: "127.0.0.1:4222"');
    expect(config.match(/"nkey":"U[A-Z2-7]{55}"/g)).to.have.length(3);

    const secrets = secretsIn(cwd);
    expect(secrets).to.have.length(9);
    const shown = [
      ...printed,
      list.stderr,
      again.stdout,
      config,
      ...halves.map((name) => readFileSync(join(cwd, name), 'utf8')),
    ];
    for (const secret of secrets) expect(shown.join()).not.to.include(secret);
  });

  it('a whole set is made in one place, which says that it is for tests', async () => {
    const cwd = newFolder();
    const printed = await bloomOutput(['keys', '--clients', '2', '--out', 'set'], { cwd });
    expect(printed).to.match(/^For tests: whoever made them can read every head\./m);
    const names = ['client-0.key.yaml', 'client-1.key.yaml', 'peers.yaml', 'server.key.yaml'];
    expect(readdirSync(join(cwd, 'set')).sort()).to.deep.equal(names);
    const { stderr } = await bloom(['peers', join('set', 'peers.yaml')], { cwd });
    expect(stderr).to.match(/^run [0-9a-f]{16}, the server and 2 clients/);
    for (const secret of secretsIn(join(cwd, 'set'))) expect(printed).not.to.include(secret);
  });

  it('keys are never overwritten', async () => {
    const cwd = newFolder();
    await bloomOutput(['keys', '--client', '3'], { cwd });
    const before = readFileSync(join(cwd, 'client-3.key.yaml'), 'utf8');
    expect(await refused(['keys', '--client', '3'], cwd)).to.match(/"client-3\.key\.yaml" is there already/);
    expect(readFileSync(join(cwd, 'client-3.key.yaml'), 'utf8')).to.equal(before);
  });

  it('a private file in place of a public one is refused, and not shown', async () => {
    const cwd = newFolder();
    await bloomOutput(['keys', '--server'], { cwd });
    const message = await refused(['peers', 'server.key.yaml'], cwd);
    expect(message).to.match(/it holds the private keys of server/);
    for (const secret of secretsIn(cwd)) expect(message).not.to.include(secret);
  });

  it('with a certificate the broker listens everywhere, and names its files whole', async () => {
    const cwd = newFolder();
    await bloomOutput(['keys', '--clients', '1'], { cwd });
    const files = ['--tls-cert', 'broker.crt', '--tls-key', '/etc/broker.key'];
    await bloomOutput(
      ['broker-config', '--peers', 'peers.yaml', ...files, '--port', '4333', '--out', 'nats.conf'],
      { cwd },
    );
    const config = readFileSync(join(cwd, 'nats.conf'), 'utf8');
    expect(config).to.include('listen: "0.0.0.0:4333"');
    expect(config).to.include(`tls: {"cert_file":"${join(cwd, 'broker.crt')}","key_file":"/etc/broker.key"}`);
  });

  const misuses: readonly (readonly [readonly string[], RegExp])[] = [
    [['keys'], /Whose keys\?.*0 are given/],
    [['keys', '--server', '--client', '1'], /Whose keys\?.*2 are given/],
    [['keys', '--client', 'two'], /`--client` is "two", but a whole number from 0 to 9999 was expected/],
    [['keys', '--clients', '0'], /`--clients` is "0"/],
    [['keys', '--server', '--out', '/proc/keys'], /Cannot make .*Choose another folder with `--out`/],
    [['peers', 'nowhere.pub.yaml'], /Cannot read "nowhere\.pub\.yaml"/],
    [['broker-config', '--peers', 'nowhere.yaml'], /Cannot read "nowhere\.yaml"/],
    [['broker-config', '--peers', 'p', '--port', '65536'], /`--port` is "65536"/],
    [['broker-config', '--peers', 'p', '--tls-key', 'k'], /`--tls-cert` is missing/],
  ];
  for (const [args, says] of misuses) {
    it(`${args.join(' ')} is refused`, async () => {
      expect(await refused(args, newFolder())).to.match(says);
    });
  }
});
