import { stat, statfs } from 'node:fs/promises';
import { SetupError } from '../../../core/errors.js';
import { runTool } from './tool.js';

/** TensorFlow's wheels are built against this glibc (manylinux_2_27). */
const GLIBC_NEEDED = [2, 27] as const;

/** Throws SetupError where the C library is not one that TensorFlow's libraries run on; `found` is undefined where it is not glibc. */
export function checkGlibc(found: string | undefined): void {
  const [major, minor] = (found ?? '0.0').split('.').map(Number);
  if (major > GLIBC_NEEDED[0] || (major === GLIBC_NEEDED[0] && minor >= GLIBC_NEEDED[1])) return;
  throw new SetupError(
    'ERR_TENSORFLOW_PLATFORM',
    `TensorFlow's libraries need glibc ${GLIBC_NEEDED.join('.')} or newer, but this machine has ${found ?? 'another C library (musl?)'}. ` +
      'Use a newer distribution (Debian 10, Ubuntu 20.04 or later), or the engine "onnxruntime".',
  );
}

/** The version of the C library that Node.js itself runs on. */
export function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

interface NeededTool {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly install: string;
}

const neededTools: readonly NeededTool[] = [
  {
    name: 'python3',
    program: 'python3',
    args: ['-c', "import platform, zipfile; print('Python', platform.python_version())"],
    install: 'python3',
  },
  {
    name: 'pip for python3',
    program: 'python3',
    args: ['-m', 'pip', '--version'],
    install: 'python3-pip',
  },
  {
    name: 'a C++ compiler (g++, or what $CXX names)',
    program: 'sh',
    args: ['-c', '${CXX:-g++} --version'],
    install: 'g++ (gcc-c++ on Fedora)',
  },
  { name: 'make', program: 'make', args: ['--version'], install: 'make' },
  { name: 'git or patch', program: 'sh', args: ['-c', 'git --version || patch --version'], install: 'patch' },
];

/** Makes sure that the programs are there, and gives what each says of itself. Throws SetupError. */
export async function checkTools(): Promise<readonly string[]> {
  const versions: string[] = [];
  for (const { name, program, args, install } of neededTools) {
    const outcome = await runTool(program, args);
    if (!outcome?.isSuccess) {
      const said = outcome?.stderr.trim().split('\n').at(-1) ?? '';
      throw new SetupError(
        'ERR_TENSORFLOW_TOOL',
        `Building the tensorflow engine needs ${name}, which is not here${said === '' ? '' : ` ("${said}")`}. Install ` +
          `${install} with your package manager, as in \`apt-get install python3 python3-pip g++ make patch\`, and run this again.`,
        { tool: name },
      );
    }
    versions.push(outcome.stdout.split(/\n| from /)[0]);
  }
  return versions;
}

/** So much will be written below this folder, which exists. */
export interface SpaceNeed {
  readonly folder: string;
  readonly bytes: number;
}

/** How much may still be written below a folder. */
export async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Throws SetupError where the needs of a file system, taken together, are more than is free on it. */
export async function checkSpace(
  needs: readonly SpaceNeed[],
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  const byDevice = new Map<number, SpaceNeed>();
  for (const { folder, bytes } of needs) {
    const { dev } = await stat(folder);
    byDevice.set(dev, { folder, bytes: bytes + (byDevice.get(dev)?.bytes ?? 0) });
  }
  for (const { folder, bytes } of byDevice.values()) {
    const free = await freeBytes(folder);
    if (free >= bytes) continue;
    throw new SetupError(
      'ERR_TENSORFLOW_SPACE',
      `The tensorflow engine needs ${formatBytes(bytes)} on the disk of "${folder}", where ${formatBytes(free)} are free. ` +
        'Free some space, or keep the downloads on another disk with `--cache-dir` (make tensorflow CACHE_DIR=...).',
      { folder, needed: bytes, free },
    );
  }
}

/** As in "274 MB", "5.7 GB". */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
