import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { removeFolders, repoRoot, run, runDirectories, type Outcome } from '../support/e2e_command.js';

/** Inside build/, so that the package finds its dependencies in the repository's node_modules. */
const project = join(repoRoot, 'build', 'packed');
const installed = join(project, 'node_modules', 'bloom-split');

/** A program in TypeScript that uses every exported name. */
const TYPED = `
import { BloomError, evaluate, train } from 'bloom-split';
import type { Engine, Link, Model, RunConfig, RunOptions, RunSummary, Score, TrainEvent } from 'bloom-split';

export const options: RunOptions = { n_workers: 2, optimizer: { head: { lr: 0.1 } } };
// @ts-expect-error: a misspelt key
export const misspelt: RunOptions = { n_worker: 2 };
// @ts-expect-error: no such optimiser
export const wrong: RunOptions = { optimizer: { head: { name: 'lion' } } };

export async function main(): Promise<Score> {
  const run = train(options);
  for (;;) {
    const next = await run.next();
    if (next.done) {
      const summary: RunSummary = next.value;
      return evaluate(summary.run_directory);
    }
    const event: TrainEvent = next.value;
    if (event.type === 'step') console.log(event.loss.toFixed(3));
  }
}
export const codeOf = (error: unknown): string => (error instanceof BloomError ? error.code : '');
export const epochsOf = (config: RunConfig): number => config.n_epochs;
export const layersOf = (model: Model): number => model.layers.length;
export const devicesOf = (engine: Engine): ReturnType<Engine['listDevices']> => engine.listDevices();
export const closed = (link: Link): ReturnType<Link['close']> => link.close();
`;

const PROGRAM = `
import { BloomError, evaluate, train } from 'bloom-split';
const run = train({ n_workers: 2, max_samples: 64, n_epochs: 1 });
let next = await run.next();
while (!next.done) next = await run.next();
const { accuracy, run_directory } = next.value;
const again = await evaluate(run_directory);
console.log(again.accuracy === accuracy, again.rows);
await train({ n_workers: 0 }).next().catch((error) => console.log(error instanceof BloomError, error.code));
`;

describe('the package', () => {
  before(async () => {
    rmSync(project, { recursive: true, force: true });
    mkdirSync(installed, { recursive: true });
    const built = await succeed(join(repoRoot, 'node_modules', '.bin', 'tsc'), ['-p', '.'], repoRoot);
    expect(built.stdout).to.equal('');
    await succeed('npm', ['pack', '--ignore-scripts', '--pack-destination', project], repoRoot);
    const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
    await succeed('tar', ['-xzf', tarball, '-C', installed, '--strip-components', '1'], project);
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  });
  after(() => {
    rmSync(project, { recursive: true, force: true });
    removeFolders();
  });

  it('holds the program, its types and its configuration, and neither tests nor data', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed, join(entry.parentPath, entry.name)));
    expect(files).to.include.members([
      'package.json',
      'dist/api.js',
      'dist/api.d.ts',
      'dist/main.js',
      'dist/client/thread.js',
      'config/base.yaml',
      'patches/tfjs-node-gpu+4.22.0.patch',
    ]);
    const allowed =
      /^(dist\/.*\.(js|d\.ts)|config\/[^/]+\.yaml|assets\/fonts\/[\w.-]+|patches\/[^/]+\.patch|package\.json|[A-Z]+(\.md)?)$/;
    expect(files.filter((name) => !allowed.test(name))).to.deep.equal([]);
  });

  it('has one entry: what is not exported cannot be imported', async () => {
    writeFileSync(join(project, 'deep.js'), `import 'bloom-split/dist/config/schema/schema.js';`);
    const { exitCode, stderr } = await run(process.execPath, ['deep.js'], { cwd: project });
    expect(stderr).to.include('ERR_PACKAGE_PATH_NOT_EXPORTED');
    expect(exitCode).to.equal(1);
  });

  it('trains and evaluates from a program, and throws errors with a code', async () => {
    writeFileSync(join(project, 'program.js'), PROGRAM);
    const { stdout } = await succeed(process.execPath, ['program.js'], project);
    expect(stdout).to.equal('true 64\ntrue ERR_CONFIG_VALUE\n');
    expect(runDirectories(project)).to.have.length(1);
  });

  it('is a command', async () => {
    const main = join(installed, 'dist', 'main.js');
    expect(readFileSync(main, 'utf8')).to.match(/^#!\/usr\/bin\/env node\n/);
    const args = [main, 'train', '--n-workers', '2', '--max-samples', '64', '--n-epochs', '1'];
    const { stdout } = await succeed(process.execPath, args, project);
    expect(stdout).to.match(/^test accuracy 0\.\d{4}/m);
  });

  it('has types for a strict program in TypeScript', async () => {
    writeFileSync(join(project, 'typed.ts'), TYPED);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: 'ES2023',
      module: 'NodeNext',
      types: ['node'],
      typeRoots: [join(repoRoot, 'node_modules', '@types')],
    };
    const config = { compilerOptions, files: ['typed.ts'] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = await succeed(join(repoRoot, 'node_modules', '.bin', 'tsc'), ['-p', '.'], project);
    expect(stdout).to.equal('');
  });

  it('runs the example of README.md', async () => {
    const example = exampleIn(readFileSync(join(repoRoot, 'README.md'), 'utf8'));
    expect(example).to.match(/import .* from 'bloom-split'/);
    expect(example.trimEnd().split('\n')).to.have.length.at.most(10);
    writeFileSync(join(project, 'example.js'), example);
    const { stdout } = await succeed(process.execPath, ['example.js'], project);
    expect(stdout).to.match(/accuracy.*\b0\.\d+/);
  });
});

/** The first block of JavaScript under the heading "From a program", which must be there. */
function exampleIn(text: string): string {
  const section = /^#+ .*From a program.*\n([\s\S]*)/m.exec(text)?.[1] ?? '';
  const example = /^```js\n([\s\S]*?)^```/m.exec(section)?.[1];
  return example ?? expect.fail('README.md has no example in JavaScript under "From a program"');
}

async function succeed(program: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const outcome = await run(program, args, { cwd, env: { NODE_V8_COVERAGE: '' } });
  expect(outcome.exitCode, outcome.stdout + outcome.stderr).to.equal(0);
  return outcome;
}
