import { expect } from 'chai';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, newFolder, runDirectories } from './e2e_command.js';

/** Bad input, and what the message must say of it. */
export interface Refusal {
  readonly what: string;
  /** After `train`; for another command, `command` is given. */
  readonly args?: readonly string[];
  readonly command?: string;
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Puts files into the working directory. */
  readonly prepare?: (cwd: string) => void;
  /** What the message must say: what is wrong, where, and what is expected. */
  readonly says: readonly RegExp[];
}

/** Runs the command in a folder of its own: it must fail with one message, and leave nothing. */
export async function expectRefused({
  args = [],
  command = 'train',
  yaml,
  env = {},
  prepare,
  says,
}: Refusal): Promise<void> {
  const cwd = newFolder();
  prepare?.(cwd);
  if (yaml !== undefined) writeFileSync(join(cwd, 'run.yaml'), yaml);
  const config = yaml === undefined ? [] : ['--config', 'run.yaml'];
  const before = readdirSync(cwd);
  const { exitCode, stdout, stderr } = await bloom([command, ...config, ...args], { cwd, env });
  for (const expected of says) expect(stderr).to.match(expected);
  expectOneMessage(stderr);
  expect(stdout).not.to.include('bloom-split: sequential split learning');
  expect(exitCode).to.be.greaterThan(0);
  expect(runDirectories(cwd)).to.deep.equal([]);
  expect(readdirSync(cwd)).to.deep.equal(before);
}

/** One line that starts with `error:`; neither a stack nor an excuse. */
export function expectOneMessage(stderr: string): void {
  expect(stderr).to.match(/^error: /);
  expect(stderr.match(/^error: /gm)).to.have.length(1);
  expect(stderr).not.to.match(/^ +at |please report it/m);
}
