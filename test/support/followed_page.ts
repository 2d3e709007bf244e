import { expect } from 'chai';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repoRoot, run } from './e2e_command.js';

interface Block {
  readonly kind: string;
  /** A file's path, of blocks that are files or changes of files. */
  readonly title: string;
  readonly text: string;
}

/** What a checkout holds that is needed to build, test and train. */
const SOURCES = [
  'src',
  'test',
  'bench',
  'config',
  'patches',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'Makefile',
];
/** What was built of them: only what a page changes is compiled again. */
const BUILT = ['dist', 'build/src', 'build/test', 'build/bench', 'build/.tsbuildinfo'];

/**
 * Does what a page of docs/ says, in a copy of the sources: writes files (`title="path"`), makes changes (`diff`), and runs
 * commands (`sh`), in order. Gives the output of each command, by command. A command that fails fails the test.
 */
export async function followPage(page: string): Promise<ReadonlyMap<string, string>> {
  const folder = copySources(page);
  const outputs = new Map<string, string>();
  for (const { kind, title, text } of blocksOf(readFileSync(join(repoRoot, 'docs', `${page}.md`), 'utf8'))) {
    const path = join(folder, title);
    if (kind === 'sh') {
      for (const command of text.trim().split('\n')) outputs.set(command, await runCommand(command, folder));
    } else if (kind === 'diff') {
      writeFileSync(path, changed(readFileSync(path, 'utf8'), text, title));
    } else {
      expect(existsSync(path), `${title} is new`).to.equal(false);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  rmSync(folder, { recursive: true });
  return outputs;
}

/** Inside build/, where TypeScript and the tests' linters do not look. */
function copySources(page: string): string {
  const folder = join(repoRoot, 'build', 'pages', page);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isThere = (name: string) => existsSync(join(repoRoot, name));
  for (const name of [...SOURCES, ...BUILT.filter(isThere)])
    cpSync(join(repoRoot, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(repoRoot, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function blocksOf(markdown: string): readonly Block[] {
  const fences = markdown.matchAll(/^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$/gms);
  return Array.from(fences, ([, kind, title = '', text]) => ({ kind, title, text }));
}

/** A file after the changes of a diff, each of whose parts (after `@@`) must fit at exactly one place. */
function changed(file: string, diff: string, title: string): string {
  return diff
    .split(/^@@\n/m)
    .slice(1)
    .reduce((text, part) => {
      const lines = part.trimEnd().split('\n');
      const side = (sign: string) =>
        lines
          .filter((line) => line.startsWith(' ') || line.startsWith(sign))
          .map((line) => line.slice(1))
          .join('\n');
      const [before, after] = [side('-'), side('+')];
      expect(text.split(before).length, `places in ${title} where this fits:\n${part}`).to.equal(2);
      return text.replace(before, () => after);
    }, file);
}

/** Of compilers nobody wants it. */
const noCoverage = { NODE_V8_COVERAGE: '' };

async function runCommand(command: string, cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run('bash', ['-c', command], { cwd, env: noCoverage });
  expect(exitCode, `${command}\n${stdout}\n${stderr}`).to.equal(0);
  return stdout;
}
