import { expect } from 'chai';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Wheel } from '../../src/engine/tensorflow/native/wheels.js';
import { run, type Outcome } from './e2e_command.js';
import type { BuildOrder } from './tensorflow_build.js';

/** The files of the package before and after. */
export const PUBLISHED = ['binding.gyp', 'binding/backend.cc'];
const BUILT = [
  ...PUBLISHED,
  'deps/THIRD_PARTY_NOTICES.txt',
  'deps/bloom-split.json',
  'deps/include/tensorflow/c/c_api.h',
  'deps/lib/libtensorflow.so',
  'deps/lib/libtensorflow_cc.so.2',
  'deps/lib/libtensorflow_framework.so',
  'deps/lib/libtensorflow_framework.so.2',
  'deps/nvidia/cuda_nvcc/bin/ptxas',
  'deps/tensorflow_cpu-2.21.0.dist-info/LICENSE',
  'lib/napi-v8/tfjs_binding.node',
];

const WHEEL = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

const PATCH = `An example.

--- a/binding/backend.cc
+++ b/binding/backend.cc
@@ -1,3 +1,3 @@
 first
-second
+patched
 third
`;

/** Writes a wheel: its name, and a text for each file in it. One file is marked as a program. */
const ZIP = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for name, text in json.loads(sys.argv[2]).items():
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o755 if '/bin/' in name else 0o644) << 16
        archive.writestr(entry, text)
`;

const CONTENTS = {
  'tensorflow/libtensorflow_cc.so.2': 'the library',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/THIRD_PARTY_NOTICES.txt': 'notices',
  'tensorflow/include/tensorflow/c/c_api.h': 'a header',
  'tensorflow/include/unsupported/Eigen/Tensor': 'not needed',
  'tensorflow/python/keras/engine.py': 'not needed',
  'tensorflow_cpu-2.21.0.dist-info/LICENSE': 'a licence',
  'nvidia/cuda_nvcc/bin/ptxas': 'a program',
};

/** For `fakePython`: finds the folder that pip shall download to. */
const FIND_DEST = 'while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done';

export interface Fakes {
  readonly order: BuildOrder;
  /** Where the fake package index keeps its only wheel. */
  readonly index: string;
  /** Puts a program, a shell script, on the PATH. */
  program(name: string, script: string): void;
  /** Puts a python3 there that is real but for \`-m pip download\`, which this script is; \`$dest\` is where to. */
  python(download: string): void;
  /** Makes the script of node-gyp; by default it "compiles" by copying the source. */
  nodeGyp(script: string): void;
  /** Runs `buildNative` in a process of its own, with only the fake programs, git and sh on its PATH. */
  build(change?: Partial<BuildOrder>): Promise<Outcome>;
  /** All files of the package, by path, in order. */
  files(): readonly string[];
  inPackage(name: string): string;
  /** The text of a file of the package. */
  read(name: string): string;
}

/** `-m pip download` of a python3 that fetches from the fake index. */
export const DOWNLOAD = '/bin/cp "$index"/*.whl "$dest"';

export const COMPILE = `
const { copyFileSync, mkdirSync } = require('node:fs');
const folder = process.argv.find((arg) => arg.startsWith('-Dmodule_path=')).slice('-Dmodule_path='.length);
mkdirSync(folder, { recursive: true });
copyFileSync('binding/backend.cc', folder + '/tfjs_binding.node');
`;

/** The path of the real python3, behind any shim; undefined where there is none. */
export async function findPython(): Promise<string | undefined> {
  const script = 'import sys; print(sys.executable)';
  const outcome = await run('python3', ['-c', script], { cwd: '/' }).catch(() => undefined);
  return outcome?.exitCode === 0 ? outcome.stdout.trim() : undefined;
}

/** Everything that a build needs, made of texts, in an empty folder. */
export async function makeFakes(folder: string, python: string): Promise<Fakes> {
  const at = (...names: string[]) => join(folder, ...names);
  const [bin, index, packageFolder] = [at('bin'), at('index'), at('package')];
  for (const path of [bin, index, join(packageFolder, 'binding')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(packageFolder, 'binding', 'backend.cc'), 'first\nsecond\nthird\n');
  writeFileSync(join(packageFolder, 'binding.gyp'), '{}');
  writeFileSync(at('a.patch'), PATCH);
  await run(python, ['-c', ZIP, join(index, WHEEL), JSON.stringify(CONTENTS)], { cwd: folder });

  const fakes: Fakes = {
    order: {
      flavour: 'cpu',
      wheels: [wheelIn(index)],
      packageFolder,
      patchFile: at('a.patch'),
      cache: at('cache'),
      nodeGyp: at('node-gyp.cjs'),
    },
    index,
    program(name, script) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    python(download) {
      const body = `index='${index}'\n${FIND_DEST}\n${download}`;
      fakes.program(
        'python3',
        `if [ "$1 $2 $3" = '-m pip --version' ]; then echo 'pip 1.0 from here'; exit; fi\n` +
          `if [ "$1 $2 $3" != '-m pip download' ]; then exec '${python}' "$@"; fi\n${body}`,
      );
    },
    nodeGyp(script) {
      writeFileSync(at('node-gyp.cjs'), script);
    },
    build(change) {
      const driver = fileURLToPath(new URL('tensorflow_build.js', import.meta.url));
      const args = [driver, JSON.stringify({ ...fakes.order, ...change })];
      return run(process.execPath, args, { cwd: folder, env: { PATH: bin } });
    },
    files() {
      return readdirSync(packageFolder, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => relative(packageFolder, join(entry.parentPath, entry.name)))
        .sort();
    },
    inPackage: (name) => join(packageFolder, name),
    read: (name) => readFileSync(fakes.inPackage(name), 'utf8'),
  };
  for (const name of ['g++', 'make']) fakes.program(name, `echo '${name} 1.0'`);
  for (const name of ['sh', 'git', 'patch']) {
    const path = await run('sh', ['-c', `command -v ${name}`], { cwd: folder });
    if (path.exitCode === 0) symlinkSync(realpathSync(path.stdout.trim()), join(bin, name));
  }
  fakes.python(DOWNLOAD);
  fakes.nodeGyp(COMPILE);
  return fakes;
}

function wheelIn(index: string): Wheel {
  const bytes = readFileSync(join(index, WHEEL));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file: WHEEL, sha256, sizeBytes: bytes.length, unpackedBytes: bytes.length };
}

export function expectBuilt(fakes: Fakes, { exitCode, stdout, stderr }: Outcome): void {
  expect(stderr).to.equal('');
  expect(stdout).to.match(/\nbuilt\n$/);
  expect(exitCode).to.equal(0);
  expect(fakes.files()).to.deep.equal(BUILT);
}

/** Only the download is in the cache, nothing half-written. */
export function expectCached({ order }: Fakes): void {
  expect(readdirSync(order.cache)).to.deep.equal([order.wheels[0].file]);
}

/** Failed with this message, and nothing was built. */
export function expectRefused(fakes: Fakes, { exitCode, stderr }: Outcome, message: RegExp): void {
  expect(stderr).to.match(message);
  expect(exitCode).to.equal(1);
  expect(fakes.files()).to.deep.equal(PUBLISHED);
}

/** Failed with this message, and what was built for the CPU before is still there. */
export function expectKept(fakes: Fakes, { exitCode, stderr }: Outcome, message: RegExp): void {
  expect(stderr).to.match(message);
  expect(exitCode).to.equal(1);
  expect(fakes.files()).to.deep.equal(BUILT);
  expect(fakes.read('deps/bloom-split.json')).to.include('"flavour": "cpu"');
}
