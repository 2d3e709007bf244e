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
import { newFolder, removeFolders, type Outcome } from '../support/e2e_command.js';
import { COMPILE, DOWNLOAD, findPython, makeFakes, type Fakes } from '../support/tensorflow_fakes.js';

const PUBLISHED = ['binding.gyp', 'binding/backend.cc'];
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
    expectBuilt(await fakes.build());
    expect(read('lib/napi-v8/tfjs_binding.node')).to.equal('first\npatched\nthird\n');
    expect(read('binding/backend.cc')).to.equal('first\nsecond\nthird\n');
    expect(read('deps/lib/libtensorflow_cc.so.2')).to.equal('the library');
    expect(readlinkSync(inPackage('deps/lib/libtensorflow.so'))).to.equal('libtensorflow_cc.so.2');
    expect(statSync(inPackage('deps/nvidia/cuda_nvcc/bin/ptxas')).mode & 0o777).to.equal(0o755);
    expect(statSync(inPackage('deps/include/tensorflow/c/c_api.h')).mode & 0o111).to.equal(0);
    expectCached();
  });

  it('does nothing the second time, for which nothing needs to be there', async () => {
    expectBuilt(await fakes.build());
    rmSync(join(inPackage('..'), 'bin'), { recursive: true });
    rmSync(fakes.order.cache, { recursive: true });
    const { exitCode, stdout } = await fakes.build();
    expect(stdout).to.equal('built already\n');
    expect(exitCode).to.equal(0);
  });

  it('downloads once: the next build takes the cache, and sees whether it is whole', async () => {
    expectBuilt(await fakes.build());
    await removeNative(fakes.order.packageFolder);
    fakes.python('exit 9');
    expectBuilt(await fakes.build());

    await removeNative(fakes.order.packageFolder);
    fakes.python(DOWNLOAD);
    writeFileSync(join(fakes.order.cache, fakes.order.wheels[0].file), 'damaged');
    const outcome = await fakes.build();
    expectBuilt(outcome);
    expect(outcome.stdout).to.include('is damaged: fetching it again');
  });

  it('builds again for another flavour, another patch, or where the addon has gone', async () => {
    expectBuilt(await fakes.build());
    for (const change of [{ flavour: 'gpu' as const }, {}]) {
      expectBuilt(await fakes.build(change));
      expect(read('deps/bloom-split.json')).to.include(`"flavour": "${change.flavour ?? 'cpu'}"`);
    }
    writeFileSync(
      fakes.order.patchFile,
      readFileSync(fakes.order.patchFile, 'utf8').replace('patched', 'new'),
    );
    expectBuilt(await fakes.build());
    expect(read('lib/napi-v8/tfjs_binding.node')).to.include('new');
    rmSync(inPackage('lib'), { recursive: true });
    expectBuilt(await fakes.build());
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
      it(`no working ${program}: ${message.source.slice(6, 24)}`, async () => {
        fakes.program(program, script);
        expectRefused(await fakes.build(), message);
      });
    }

    it('no python3 or make at all', async () => {
      for (const name of ['make', 'python3']) {
        rmSync(join(inPackage('..'), 'bin', name));
        expectRefused(await fakes.build(), new RegExp(`needs ${name}, which is not here\\.`));
      }
    });

    it('nothing to patch with', async () => {
      for (const name of ['git', 'patch']) rmSync(join(inPackage('..'), 'bin', name), { force: true });
      expectRefused(await fakes.build(), /needs git or patch, which is not here/);
    });

    it('too little space', async () => {
      const wheels = [{ ...fakes.order.wheels[0], unpackedBytes: 1e18 }];
      expectRefused(await fakes.build({ wheels }), /needs 1000000000\.0 GB on the disk of .*--cache-dir/);
    });

    it('a folder that may not be written to', async () => {
      // A file where the folder should be: root may write everywhere.
      writeFileSync(fakes.order.cache, '');
      expectRefused(
        await fakes.build(),
        /Cannot build the tensorflow engine: EEXIST.*must be allowed to write/,
      );
    });

    it('another run at work', async () => {
      mkdirSync(inPackage('bloom-split-staging'));
      writeFileSync(inPackage('bloom-split-staging/pid'), String(process.pid));
      const { exitCode, stderr } = await fakes.build();
      expect(stderr).to.match(new RegExp(`Process ${process.pid} is building`));
      expect(exitCode).to.equal(1);
      expect(fakes.files()).to.deep.equal([...PUBLISHED, 'bloom-split-staging/pid']);
    });
  });

  describe('keeps what was built when', () => {
    beforeEach(async () => {
      expectBuilt(await fakes.build());
    });

    it('pip fails, and when it brings another file', async () => {
      const unlike = { flavour: 'gpu' as const, cache: join(inPackage('..'), 'other') };
      fakes.python('echo "no network" >&2; exit 1');
      const message = /^no network\n.*pip could not download tensorflow-cpu==2\.21\.0 \(exit code 1; /;
      expectKept(await fakes.build(unlike), message);
      fakes.python('echo > "$dest/tensorflow_cpu-2.21.0-cp311-cp311-linux_x86_64.whl"');
      expectKept(await fakes.build(unlike), /was asked for .* and left tensorflow_cpu-2.*linux_x86_64\.whl/);
      expect(readdirSync(unlike.cache)).to.deep.equal([]);
    });

    it('the download is not the published file, which does not stay in the cache', async () => {
      const unlike = { flavour: 'gpu' as const, cache: join(inPackage('..'), 'other') };
      fakes.python(`echo x > "$dest/${fakes.order.wheels[0].file}"`);
      // printf 'x\n' | sha256sum
      expectKept(
        await fakes.build(unlike),
        /has the SHA-256 73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac, but [0-9a-f]{64} was/,
      );
      expect(readdirSync(unlike.cache)).to.deep.equal([]);
    });

    for (const [without, by] of [
      ['', 'git'],
      ['git', 'patch'],
    ]) {
      it(`the patch does not fit, says ${by}`, async function () {
        const bin = join(inPackage('..'), 'bin');
        if (without) rmSync(join(bin, without), { force: true });
        if (!existsSync(join(bin, by))) {
          console.log(`        ${by} is not here`);
          this.skip();
        }
        writeFileSync(inPackage('binding/backend.cc'), 'first\nchanged\nthird\n');
        const message = /a\.patch does not fit the source .* of another version or was changed\./;
        expectKept(await fakes.build({ flavour: 'gpu' }), message);
        writeFileSync(inPackage('binding/backend.cc'), 'first\npatched\nthird\n');
        const { stdout } = await fakes.build({ flavour: 'gpu' });
        expect(stdout)
          .to.include('patch: a.patch was applied already')
          .and.to.match(/built\n$/);
        writeFileSync(inPackage('binding/backend.cc'), 'first\nsecond\nthird\n');
        expect((await fakes.build()).stdout)
          .to.include('patch: a.patch applied')
          .and.to.match(/built\n$/);
      });
    }

    it('it does not compile: the last lines say why', async () => {
      fakes.nodeGyp('console.log("backend.cc:1: error: what is this?"); process.exitCode = 3');
      const message =
        /could not build the addon \(exit code 3\)\. .*:\n {2}backend\.cc:1: error: what is this\?\n$/;
      expectKept(await fakes.build({ flavour: 'gpu' }), message);
    });

    it('the new addon fails its self-test', async () => {
      fakes.nodeGyp(
        `${COMPILE}\nrequire('node:fs').writeFileSync(folder + '/tfjs_binding.node', 'does not load')`,
      );
      expectKept(await fakes.build({ flavour: 'gpu' }), /was built, but does not work/);
    });
  });

  describe('completes, after it was killed while it', () => {
    const killing = {
      downloads: () => {
        fakes.python(`echo half > "$dest/${fakes.order.wheels[0].file}"; kill -9 $PPID`);
      },
      unpacks: () => {
        const fake = join(inPackage('..'), 'bin', 'python3');
        const script = readFileSync(fake, 'utf8').replace(
          'exec ',
          'case "$3" in *.whl) kill -9 $PPID;; esac; exec ',
        );
        fakes.program('python3', script);
      },
      compiles: () => {
        fakes.nodeGyp(`process.kill(process.ppid, 'SIGKILL'); ${COMPILE}`);
      },
    };
    for (const [step, kill] of Object.entries(killing)) {
      it(step, async () => {
        kill();
        const { exitCode } = await fakes.build();
        expect(exitCode).to.equal(null);
        expect(fakes.files()).not.to.deep.equal(PUBLISHED);
        expect(fakes.files().filter((name) => /^(deps|lib)\//.test(name))).to.deep.equal([]);
        fakes.python(DOWNLOAD);
        fakes.nodeGyp(COMPILE);
        expectBuilt(await fakes.build());
        expectCached();
      });
    }
  });

  describe('removing it', () => {
    it('leaves the package as it was published, and the downloads', async () => {
      expectBuilt(await fakes.build());
      expect(await removeNative(fakes.order.packageFolder)).to.equal(true);
      expect(fakes.files()).to.deep.equal(PUBLISHED);
      expect(readdirSync(fakes.order.packageFolder).sort()).to.deep.equal(['binding', 'binding.gyp']);
      expectCached();
      expect(await removeNative(fakes.order.packageFolder)).to.equal(false);
    });

    it('removes what a killed run left, and not what the own install script of the package made', async () => {
      for (const folder of ['deps/lib', 'lib/napi-v8', 'bloom-split-staging'])
        mkdirSync(inPackage(folder), { recursive: true });
      for (const file of ['deps/lib/libtensorflow.so.2', 'lib/napi-v8/tfjs_binding.node'])
        writeFileSync(inPackage(file), '');
      const before = fakes.files();
      expect(await removeNative(fakes.order.packageFolder)).to.equal(true);
      expect(fakes.files()).to.deep.equal(before);
      expect(existsSync(inPackage('bloom-split-staging'))).to.equal(false);
    });
  });

  function inPackage(name: string): string {
    return join(fakes.order.packageFolder, name);
  }

  function read(name: string): string {
    return readFileSync(inPackage(name), 'utf8');
  }

  function expectBuilt({ exitCode, stdout, stderr }: Outcome): void {
    expect(stderr).to.equal('');
    expect(stdout).to.match(/\nbuilt\n$/);
    expect(exitCode).to.equal(0);
    expect(fakes.files()).to.deep.equal(BUILT);
  }

  function expectCached(): void {
    expect(readdirSync(fakes.order.cache)).to.deep.equal([fakes.order.wheels[0].file]);
  }

  function expectRefused({ exitCode, stderr }: Outcome, message: RegExp): void {
    expect(stderr).to.match(message);
    expect(exitCode).to.equal(1);
    expect(fakes.files()).to.deep.equal(PUBLISHED);
  }

  function expectKept({ exitCode, stderr }: Outcome, message: RegExp): void {
    expect(stderr).to.match(new RegExp(message.source, 's'));
    expect(exitCode).to.equal(1);
    expect(fakes.files()).to.deep.equal(BUILT);
    expect(read('deps/bloom-split.json')).to.include('"flavour": "cpu"');
  }
});
