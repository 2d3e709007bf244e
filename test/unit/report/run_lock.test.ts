import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, StorageError } from '../../../src/core/errors.js';
import { lockRun } from '../../../src/report/run_lock.js';
import { foldersOf } from '../../support/folders.js';
import { rejection } from '../../support/link_errors.js';

const holderFile = fileURLToPath(new URL('../../support/lock_holder.js', import.meta.url));

interface Holder {
  readonly child: ChildProcess;
  /** Its next line. */
  line(): Promise<string>;
}

describe('lockRun', () => {
  const newFolder = foldersOf();
  const holders: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(holders.splice(0).map(end));
  });

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** A process that is ready to take the lock. */
  async function holder(path: string): Promise<Holder> {
    const child = spawn(process.execPath, [holderFile, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    holders.push(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    const line = async (): Promise<string> => {
      while (!text.includes('\n')) await once(child.stdout, 'data');
      const [first] = text.split('\n', 1);
      text = text.slice(first.length + 1);
      return first;
    };
    expect(await line()).to.equal('ready');
    return { child, line };
  }
  const lockThere = ({ child, line }: Holder) => {
    child.stdin!.write('go\n');
    return line();
  };
  const started = (pid: number) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  };
  const onLinux = existsSync('/proc/self/stat') ? it : it.skip;

  it('is taken, held, and given back, and leaves nothing', async () => {
    const folder = newFolder();
    const path = join(folder, '.lock');
    const unlock = await lockRun(path);
    expect(readdirSync(folder)).to.deep.equal(['.lock']);
    const error = await rejection(lockRun(path), ConfigError, 'ERR_LOCKED');
    expect(error.message).to.equal(
      `Process ${process.pid} works in this run directory ("${path}"). Wait for its end, or stop it.`,
    );
    await unlock();
    expect(readdirSync(folder)).to.deep.equal([]);
    await (
      await lockRun(path)
    )();
  });

  it('is refused to a second process, and free when the first is killed', async () => {
    const path = join(newFolder(), '.lock');
    const first = await holder(path);
    expect(await lockThere(first)).to.equal('locked');
    const error = await rejection(lockRun(path), ConfigError, 'ERR_LOCKED');
    expect(error.details).to.deep.equal({ path, pid: first.child.pid });
    await end(first.child);
    expect(existsSync(path)).to.equal(true);
    await (
      await lockRun(path)
    )();
  });

  it('is taken by one of many that find the lock of a dead process', async () => {
    const folder = newFolder();
    const path = join(folder, '.lock');
    writeFileSync(path, '{"pid":2147483646,"started":"1"}');
    const all = await Promise.all(Array.from({ length: 4 }, () => holder(path)));
    const said = await Promise.all(all.map(lockThere));
    expect(said.filter((line) => line === 'locked')).to.have.length(1);
    for (const line of said) expect(line).to.match(/^locked$|^refused: ConfigError: Process \d+ works/);
    expect(readdirSync(folder)).to.deep.equal(['.lock']);
  });

  it('is taken by one of many at once, every time', async () => {
    const folder = newFolder();
    const path = join(folder, '.lock');
    for (let round = 0; round < 100; round++) {
      writeFileSync(path, `{"pid":2147483646,"started":"${round}"}`);
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(path)));
      const unlocks = all.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      const errors = all.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
      expect(unlocks).to.have.length(1);
      for (const error of errors) expect(error).to.match(/^ConfigError: Process \d+ works/);
      await unlocks[0]();
      expect(readdirSync(folder)).to.deep.equal([]);
    }
  });

  it('of a process that died while it took over is taken over', async () => {
    const folder = newFolder();
    const path = join(folder, '.lock');
    const [dead, deader] = ['{"pid":2147483646,"started":"1"}', '{"pid":2147483646,"started":"2"}'];
    const claimOn = (file: string, text: string) =>
      `${file}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}.claim`;
    writeFileSync(path, dead);
    writeFileSync(claimOn(path, dead), deader);
    writeFileSync(claimOn(claimOn(path, dead), deader), '');
    const unlock = await lockRun(path);
    expect(readdirSync(folder)).to.deep.equal(['.lock']);
    await unlock();
  });

  onLinux('of a process whose number another one has now is taken over', async () => {
    const path = join(newFolder(), '.lock');
    // This very process lives, but began at another time.
    writeFileSync(path, `{"pid":${process.pid},"started":"12345"}`);
    await (
      await lockRun(path)
    )();
    writeFileSync(path, `{"pid":${process.pid},"started":"${started(process.pid)}"}`);
    await rejection(lockRun(path), ConfigError, 'ERR_LOCKED');
  });

  onLinux('of a process of somebody else is respected', async () => {
    const path = join(newFolder(), '.lock');
    writeFileSync(path, `{"pid":1,"started":"${started(1)}"}`);
    await rejection(lockRun(path), ConfigError, 'ERR_LOCKED');
  });

  for (const [what, content] of [
    ['empty', ''],
    ['cut off', '{"pid":12,"sta'],
    ['something else', 'hello'],
    ['a huge number', `{"pid":${'9'.repeat(30)},"started":""}`],
  ]) {
    it(`of which the content is ${what} is taken over`, async () => {
      const path = join(newFolder(), '.lock');
      writeFileSync(path, content);
      await (
        await lockRun(path)
      )();
    });
  }

  it('that cannot be made is one clear error', async () => {
    const path = join(newFolder(), 'none', '.lock');
    const error = await rejection(lockRun(path), StorageError, 'ERR_LOCK');
    expect(error.message).to.match(/^Cannot make the lock ".*": ENOENT/);
    const folder = join(newFolder(), '.lock');
    mkdirSync(folder);
    expect((await rejection(lockRun(folder), StorageError, 'ERR_LOCK')).message).to.match(
      /Cannot make the lock/,
    );
  });
});
