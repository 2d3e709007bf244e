import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { removeNative } from '../../src/engine/tensorflow/native/remove.js';
import { newFolder, removeFolders } from '../support/e2e_command.js';
import {
  DOWNLOAD,
  PUBLISHED,
  expectBuilt,
  expectCached,
  expectRefused,
  findPython,
  makeFakes,
  type Fakes,
} from '../support/tensorflow_fakes.js';

/** With fake commands; the real addon is tried in test/e2e/tensorflow.test.ts. */
describe('building the native part of the tensorflow engine', () => {
  let python: string | undefined;
  let fakes: Fakes;

  before(async function () {
    python = process.platform === 'linux' ? await findPython() : undefined;
    if (python === undefined) {
      console.log('    python3 is not here, or this is not Linux: these tests are left out');
      this.skip();
    }
  });
  beforeEach(async () => {
    fakes = await makeFakes(newFolder(), python!);
  });
  after(removeFolders);

  it('downloads, unpacks what is needed, patches a copy of the source, compiles and puts it in place', async () => {
    expectBuilt(fakes, await fakes.build());
    expect(fakes.read('lib/napi-v8/tfjs_binding.node')).to.equal('first\npatched\nthird\n');
    expect(fakes.read('binding/backend.cc')).to.equal('first\nsecond\nthird\n');
    expect(fakes.read('deps/lib/libtensorflow_cc.so.2')).to.equal('the library');
    expect(readlinkSync(fakes.inPackage('deps/lib/libtensorflow.so'))).to.equal('libtensorflow_cc.so.2');
    expect(statSync(fakes.inPackage('deps/nvidia/cuda_nvcc/bin/ptxas')).mode & 0o777).to.equal(0o755);
    expect(statSync(fakes.inPackage('deps/include/tensorflow/c/c_api.h')).mode & 0o111).to.equal(0);
    expectCached(fakes);
  });

  it('does nothing the second time, for which nothing needs to be there', async () => {
    expectBuilt(fakes, await fakes.build());
    rmSync(join(fakes.inPackage('..'), 'bin'), { recursive: true });
    rmSync(fakes.order.cache, { recursive: true });
    const { exitCode, stdout } = await fakes.build();
    expect(stdout).to.equal('built already\n');
    expect(exitCode).to.equal(0);
  });

  it('downloads once: the next build takes the cache, and sees whether it is whole', async () => {
    expectBuilt(fakes, await fakes.build());
    await removeNative(fakes.order.packageFolder);
    fakes.python('exit 9');
    expectBuilt(fakes, await fakes.build());

    await removeNative(fakes.order.packageFolder);
    fakes.python(DOWNLOAD);
    writeFileSync(join(fakes.order.cache, fakes.order.wheels[0].file), 'damaged');
    const outcome = await fakes.build();
    expectBuilt(fakes, outcome);
    expect(outcome.stdout).to.include('is damaged: fetching it again');
  });

  it('builds again for another flavour, another patch, or where the addon has gone', async () => {
    expectBuilt(fakes, await fakes.build());
    for (const change of [{ flavour: 'gpu' as const }, {}]) {
      expectBuilt(fakes, await fakes.build(change));
      expect(fakes.read('deps/bloom-split.json')).to.include(`"flavour": "${change.flavour ?? 'cpu'}"`);
    }
    writeFileSync(
      fakes.order.patchFile,
      readFileSync(fakes.order.patchFile, 'utf8').replace('patched', 'new'),
    );
    expectBuilt(fakes, await fakes.build());
    expect(fakes.read('lib/napi-v8/tfjs_binding.node')).to.include('new');
    rmSync(fakes.inPackage('lib'), { recursive: true });
    expectBuilt(fakes, await fakes.build());
  });

  describe('refuses, with nothing changed, where there is', () => {
    for (const [program, script, message] of [
      ['python3', 'exit 127', /needs python3, which is not here\. Install python3 with/],
      ['g++', 'exit 127', /needs a C\+\+ compiler \(g\+\+, or what \$CXX names\)/],
      ['make', 'exit 127', /needs make, which is not here\. Install make/],
      [
        'python3',
        `[ "$1" = -c ] || { echo 'No module named pip' >&2; exit 1; }`,
        /needs pip for python3, which is not here \("No module named pip"\)\. Install python3-pip/,
      ],
    ] as const) {
      it(`no working ${script.includes('pip') ? 'pip' : program}`, async () => {
        fakes.program(program, script);
        expectRefused(fakes, await fakes.build(), message);
      });
    }

    it('no python3 or make at all', async () => {
      for (const name of ['make', 'python3']) {
        rmSync(join(fakes.inPackage('..'), 'bin', name));
        expectRefused(fakes, await fakes.build(), new RegExp(`needs ${name}, which is not here\\.`));
      }
    });

    it('nothing to patch with', async () => {
      for (const name of ['git', 'patch']) rmSync(join(fakes.inPackage('..'), 'bin', name), { force: true });
      expectRefused(fakes, await fakes.build(), /needs git or patch, which is not here/);
    });

    it('too little space', async () => {
      const wheels = [{ ...fakes.order.wheels[0], unpackedBytes: 1e18 }];
      expectRefused(
        fakes,
        await fakes.build({ wheels }),
        /needs 1000000000\.0 GB on the disk of .*--cache-dir/,
      );
    });

    it('a folder that may not be written to', async () => {
      // A file where the folder should be: root may write everywhere.
      writeFileSync(fakes.order.cache, '');
      expectRefused(
        fakes,
        await fakes.build(),
        /Cannot build the tensorflow engine: EEXIST.*must be allowed to write/,
      );
    });

    it('another run at work', async () => {
      mkdirSync(fakes.inPackage('bloom-split-staging'));
      writeFileSync(fakes.inPackage('bloom-split-staging/pid'), String(process.pid));
      const { exitCode, stderr } = await fakes.build();
      expect(stderr).to.match(new RegExp(`Process ${process.pid} is building`));
      expect(exitCode).to.equal(1);
      expect(fakes.files()).to.deep.equal([...PUBLISHED, 'bloom-split-staging/pid']);
    });
  });

  describe('removing it', () => {
    it('leaves the package as it was published, and the downloads', async () => {
      expectBuilt(fakes, await fakes.build());
      expect(await removeNative(fakes.order.packageFolder)).to.equal(true);
      expect(fakes.files()).to.deep.equal(PUBLISHED);
      expect(readdirSync(fakes.order.packageFolder).sort()).to.deep.equal(['binding', 'binding.gyp']);
      expectCached(fakes);
      expect(await removeNative(fakes.order.packageFolder)).to.equal(false);
    });

    it('removes what a killed run left, and not what the own install script of the package made', async () => {
      for (const folder of ['deps/lib', 'lib/napi-v8', 'bloom-split-staging'])
        mkdirSync(fakes.inPackage(folder), { recursive: true });
      for (const file of ['deps/lib/libtensorflow.so.2', 'lib/napi-v8/tfjs_binding.node'])
        writeFileSync(fakes.inPackage(file), '');
      const before = fakes.files();
      expect(await removeNative(fakes.order.packageFolder)).to.equal(true);
      expect(fakes.files()).to.deep.equal(before);
      expect(existsSync(fakes.inPackage('bloom-split-staging'))).to.equal(false);
    });
  });
});
