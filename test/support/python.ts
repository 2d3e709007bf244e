import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repoRoot, run } from './e2e_command.js';

/** Runs a script of test/fixtures and gives what it printed as JSON. */
export type RunScript = (script: string, ...args: readonly string[]) => Promise<unknown>;

/**
 * A test that needs a Python with these modules: the one that TENSORBOARD_PYTHON (after the first module) names, or
 * `python3`. Where it is not there the test is skipped, and says so.
 */
export function itWithPython(
  modules: readonly string[],
  title: string,
  test: (runScript: RunScript) => Promise<void>,
): void {
  const variable = `${modules[0].toUpperCase()}_PYTHON`;
  const python = process.env[variable] ?? 'python3';
  if (!hasModules(python, modules)) {
    it.skip(`${title}: skipped, since "${python}" has no ${modules.join(', ')} (${variable} names another)`);
    return;
  }
  it(title, () =>
    test(async (script, ...args) => {
      const path = join(repoRoot, 'test', 'fixtures', script);
      const { exitCode, stdout, stderr } = await run(python, [path, ...args], { cwd: repoRoot });
      expect(exitCode, stderr).to.equal(0);
      return JSON.parse(stdout) as unknown;
    }),
  );
}

/** Asks without importing them: that may take seconds. */
function hasModules(python: string, modules: readonly string[]): boolean {
  const question =
    'import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))';
  return spawnSync(python, ['-c', question, ...modules], { stdio: 'ignore' }).status === 0;
}
