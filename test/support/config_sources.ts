import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../src/config/keys.js';
import { loadConfig, type LoadedConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/core/errors.js';

type Values = Readonly<Record<string, string>>;

/** What a test says in each place where options can be said. */
export interface Said {
  /** Text of the file given with `--config`. */
  readonly yaml?: string;
  readonly env?: Values;
  readonly flags?: Readonly<Record<string, string | readonly string[]>>;
  /** `NAME=value` on make's command line. */
  readonly make?: Values;
}

/** `loadConfig` as a command calls it: with a real file, a real environment, and make's variables exported into it. */
export function load({ yaml, env = {}, flags = {}, make = {} }: Said): LoadedConfig {
  const given = new Map(Object.entries(flags).map(([name, values]) => [name, [values].flat()]));
  const run = (file?: string) =>
    withEnvironment({ ...env, ...make }, () =>
      loadConfig({ file, flags: given, makeNames: Object.keys(make) }),
    );
  return yaml === undefined ? run() : withFile(yaml, run);
}

/** Runs with these variables and none of ours besides; puts the environment back afterwards. */
export function withEnvironment<T>(variables: Values, run: () => T): T {
  const kept = { ...process.env };
  const isOurs = (name: string) =>
    name.startsWith('BLOOM_') || keys.some(({ envNames }) => envNames.includes(name));
  const set = (env: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, env);
  };
  set({ ...Object.fromEntries(Object.entries(kept).filter(([name]) => !isOurs(name))), ...variables });
  try {
    return run();
  } finally {
    set(kept);
  }
}

/** Runs with a file `run.yaml` of this text, and removes it. */
export function withFile<T>(text: string, run: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
  try {
    const path = join(folder, 'run.yaml');
    writeFileSync(path, text);
    return run(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The ConfigError that this must throw. */
export function configErrorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return error as ConfigError;
  }
  return expect.fail('nothing was refused');
}

/** Expects a refusal with this code, whose message holds each of these texts. */
export function expectRefused(said: Said, code: string, ...texts: readonly string[]): ConfigError {
  const error = configErrorOf(() => load(said));
  for (const text of texts) expect(error.message).to.include(text);
  expect(error.code, error.message).to.equal(code);
  return error;
}
