import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { makeKeyFolder } from '../../../../src/cli/hosts/key_folder.js';
import { foldersOf } from '../../../support/folders.js';

const program = new URL('../../../../src/cli/hosts/key_folder.js', import.meta.url);
const dead = spawnSync(process.execPath, ['--version']).pid;
const nameOf = (pid: number, host = hostname()) => `bloom-split-hosts-${host}-${pid}-aB3dE6`;

describe('makeKeyFolder', () => {
  const newFolder = foldersOf();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const make = (place: string) => makeKeyFolder(place, (message) => expect.fail(message));
  const withKeys = (path: string) => {
    mkdirSync(path);
    writeFileSync(join(path, 'server.key.yaml'), 'secret');
  };

  it('makes one for its owner only', async () => {
    const place = newFolder();
    const made = await make(place);
    expect(readdirSync(place)).to.deep.equal([basename(made)]);
    expect(statSync(made).mode & 0o777).to.equal(0o700);
  });

  it('removes that of a process that was killed, and not before', async () => {
    const place = newFolder();
    const script =
      `const { makeKeyFolder } = await import(${JSON.stringify(program)});` +
      `console.log(await makeKeyFolder(${JSON.stringify(place)}, console.error)); process.stdin.resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as unknown[];
    const left = basename(String(line).trim());
    writeFileSync(join(place, left, 'server.key.yaml'), 'secret');
    const first = basename(await make(place));
    expect(readdirSync(place)).to.have.members([left, first]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const second = basename(await make(place));
    expect(readdirSync(place)).to.have.members([first, second]);
  });

  it("leaves what is another host's, no folder, or has another name", async () => {
    const place = newFolder();
    const kept = [
      nameOf(dead, 'elsewhere'),
      `${nameOf(dead)}.old`,
      nameOf(process.ppid),
      'bloom-split-hosts-1',
    ];
    for (const name of kept) withKeys(join(place, name));
    writeFileSync(join(place, nameOf(dead)), 'a file');
    const others = newFolder();
    writeFileSync(join(others, 'precious'), '');
    symlinkSync(others, join(place, nameOf(dead).replace('aB3', 'xyz')));
    const before = readdirSync(place);
    const made = basename(await make(place));
    expect(readdirSync(place)).to.have.members([...before, made]);
    expect(readdirSync(others)).to.deep.equal(['precious']);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot("leaves another user's (only root can make one)", async () => {
    const place = newFolder();
    const path = join(place, nameOf(dead));
    withKeys(path);
    chownSync(path, 1, 1);
    await make(place);
    expect(readdirSync(path)).to.deep.equal(['server.key.yaml']);
  });
});
