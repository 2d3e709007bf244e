import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, removeFolders } from '../support/e2e_command.js';
import {
  COMPILE,
  DOWNLOAD,
  PUBLISHED,
  expectBuilt,
  expectCached,
  expectKept,
  findPython,
  makeFakes,
  type Fakes,
} from '../support/tensorflow_fakes.js';

describe('a build of the native part of the tensorflow engine that fails or is killed', () => {
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

  describe('keeps what was built when', () => {
    beforeEach(async () => {
      expectBuilt(fakes, await fakes.build());
    });

    it('pip fails, and when it brings another file', async () => {
      const unlike = { flavour: 'gpu' as const, cache: join(fakes.inPackage('..'), 'other') };
      fakes.python('echo "no network" >&2; exit 1');
      const message = /^no network\n.*pip could not download tensorflow-cpu==2\.21\.0 \(exit code 1; /s;
      expectKept(fakes, await fakes.build(unlike), message);
      fakes.python('echo > "$dest/tensorflow_cpu-2.21.0-cp311-cp311-linux_x86_64.whl"');
      expectKept(
        fakes,
        await fakes.build(unlike),
        /was asked for .* and left tensorflow_cpu-2.*linux_x86_64\.whl/,
      );
      expect(readdirSync(unlike.cache)).to.deep.equal([]);
    });

    it('the download is not the published file, which does not stay in the cache', async () => {
      const unlike = { flavour: 'gpu' as const, cache: join(fakes.inPackage('..'), 'other') };
      fakes.python(`echo x > "$dest/${fakes.order.wheels[0].file}"`);
      // printf 'x\n' | sha256sum
      expectKept(
        fakes,
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
        const bin = join(fakes.inPackage('..'), 'bin');
        if (without) rmSync(join(bin, without), { force: true });
        if (!existsSync(join(bin, by))) {
          console.log(`        ${by} is not here`);
          this.skip();
        }
        writeFileSync(fakes.inPackage('binding/backend.cc'), 'first\nchanged\nthird\n');
        const message = /a\.patch does not fit the source .* of another version or was changed\./;
        expectKept(fakes, await fakes.build({ flavour: 'gpu' }), message);
        writeFileSync(fakes.inPackage('binding/backend.cc'), 'first\npatched\nthird\n');
        const { stdout } = await fakes.build({ flavour: 'gpu' });
        expect(stdout)
          .to.include('patch: a.patch was applied already')
          .and.to.match(/built\n$/);
        writeFileSync(fakes.inPackage('binding/backend.cc'), 'first\nsecond\nthird\n');
        expect((await fakes.build()).stdout)
          .to.include('patch: a.patch applied')
          .and.to.match(/built\n$/);
      });
    }

    it('it does not compile: the last lines say why', async () => {
      fakes.nodeGyp('console.log("backend.cc:1: error: what is this?"); process.exitCode = 3');
      const message =
        /could not build the addon \(exit code 3\)\. .*:\n {2}backend\.cc:1: error: what is this\?\n$/;
      expectKept(fakes, await fakes.build({ flavour: 'gpu' }), message);
    });

    it('the new addon fails its self-test', async () => {
      fakes.nodeGyp(
        `${COMPILE}\nrequire('node:fs').writeFileSync(folder + '/tfjs_binding.node', 'does not load')`,
      );
      expectKept(fakes, await fakes.build({ flavour: 'gpu' }), /was built, but does not work/);
    });
  });

  describe('completes, after it was killed while it', () => {
    const killing = {
      downloads: () => {
        fakes.python(`echo half > "$dest/${fakes.order.wheels[0].file}"; kill -9 $PPID`);
      },
      unpacks: () => {
        const fake = join(fakes.inPackage('..'), 'bin', 'python3');
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
        expectBuilt(fakes, await fakes.build());
        expectCached(fakes);
      });
    }
  });
});
