import { spawnSync } from 'node:child_process';

/** File systems of a test's own, where this process may mount any: as root on Linux, outside most containers. */
export interface Mounts {
  /** Mounts a new file system in memory, or changes the size of the one there. */
  memory(folder: string, sizeBytes: number): void;
  /** From here on nothing can be written by way of this path; files that are open stay so. */
  readOnly(folder: string): void;
  /** Takes the newest mount on this folder away. */
  remove(folder: string): void;
}

/** Called inside `describe`: what is mounted is taken away after each test. A test calls `mount` first; it is skipped where that cannot be. */
export function mountsOf(): (test: Mocha.Context) => Mounts {
  const mounted: string[] = [];
  const remove = (folder: string) => {
    run('umount', '--lazy', folder);
    mounted.splice(mounted.lastIndexOf(folder), 1);
  };
  afterEach(() => {
    for (const folder of mounted.toReversed()) remove(folder);
  });
  return (test) => {
    const why = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' });
    if (why.status !== 0) {
      console.log(`      skipped: mounting is not allowed here (${why.stderr.trim()})`);
      test.skip();
    }
    return {
      memory(folder, sizeBytes) {
        const isThere = mounted.includes(folder);
        run('mount', '-t', 'tmpfs', '-o', `${isThere ? 'remount,' : ''}size=${sizeBytes}`, 'tmpfs', folder);
        if (!isThere) mounted.push(folder);
      },
      readOnly(folder) {
        run('mount', '--bind', folder, folder);
        mounted.push(folder);
        run('mount', '-o', 'remount,bind,ro', folder);
      },
      remove,
    };
  };
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
