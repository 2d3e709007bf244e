import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keys } from '../../src/config/keys.js';

/** Tests run from build/test/support/. */
export const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));
const mainFile = join(repoRoot, 'build', 'src', 'main.js');

/** What a process left. */
export interface Outcome {
  readonly exitCode: number | null;
  /** What ended it, where a signal did; a shell calls that 128 and its number. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Beside the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs. */
export interface Running {
  readonly pid: number;
  readonly end: Promise<Outcome>;
  /** Until its output (both streams) holds this, or it has ended. */
  says(expected: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program in an environment without any of our options, make's own variables, and GPUs. */
function start(program: string, args: readonly string[], { cwd, env }: RunOptions): Running {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio });
  const text = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
      for (const listen of listeners) listen();
    });
  }
  const end = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal, ...text });
    });
  });
  const says = (expected: RegExp) =>
    new Promise<void>((resolve) => {
      const listen = () => {
        if (!expected.test(text.stdout) && !expected.test(text.stderr)) return;
        listeners.delete(listen);
        resolve();
      };
      listeners.add(listen);
      listen();
    });
  return {
    pid: child.pid ?? 0,
    end,
    says: (expected) => Promise.race([says(expected), end.then(() => undefined)]),
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return start(program, args, options).end;
}

/** The same command on another host. */
export type On = (command: readonly string[]) => readonly string[];
export const onThisHost: On = (command) => command;

/** Starts `bloom-split ARGS...`. */
export function startBloom(args: readonly string[], options: RunOptions, on: On = onThisHost): Running {
  const [program, ...all] = on([process.execPath, mainFile, ...args]);
  return start(program, all, options);
}

/** Runs `bloom-split ARGS...`. */
export function bloom(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return run(process.execPath, [mainFile, ...args], options);
}

/** Runs `bloom-split ARGS...`, which must succeed without a word on stderr; gives its stdout. */
export async function bloomOutput(args: readonly string[], options: RunOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await bloom(args, options);
  expect(stderr).to.equal('');
  expect(exitCode, stdout).to.equal(0);
  return stdout;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = new Set(keys.flatMap(({ envNames }) => envNames));
  const isKept = (name: string) => !/^(BLOOM_|WANDB_|ORT_|MAKE|MFLAGS$|npm_)/.test(name) && !ours.has(name);
  const kept = Object.entries(process.env).filter(([name]) => isKept(name));
  return { ...Object.fromEntries(kept), CUDA_VISIBLE_DEVICES: '' };
}

/** A new empty folder; `removeFolders` removes it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bloom-split-e2e-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** The run directories in `cwd`/outputs, in order of their names. */
export function runDirectories(cwd: string, outputDir = 'outputs'): readonly string[] {
  const root = join(cwd, outputDir);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((day) => readdirSync(join(root, day)).map((time) => join(root, day, time)))
    .sort();
}

/** Trains in `cwd`, where no run was before, and gives what it printed and its run directory. */
export async function trainOnce(
  args: readonly string[],
  options: RunOptions,
): Promise<{ readonly directory: string; readonly stdout: string }> {
  const stdout = await bloomOutput(['train', ...args], options);
  const directories = runDirectories(options.cwd);
  expect(directories).to.have.length(1);
  return { directory: directories[0], stdout };
}

/** A file's lines, each a JSON object. */
export function readJsonLines(path: string): readonly Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).to.equal(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}
