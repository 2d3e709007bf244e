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
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Beside the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end, in an environment without any of our options, make's own variables, and GPUs. */
export function run(program: string, args: readonly string[], { cwd, env }: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
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
  const isKept = (name: string) => !/^(BLOOM_|WANDB_|MAKE|MFLAGS$|npm_)/.test(name) && !ours.has(name);
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
