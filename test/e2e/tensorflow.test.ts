import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { layoutIn, type Layout } from '../../src/engine/tensorflow/native/layout.js';
import { testAddon } from '../../src/engine/tensorflow/native/self_test.js';
import { bloomOutput, repoRoot, run } from '../support/e2e_command.js';

describe('bloom-split tensorflow', () => {
  describe('where it is built', () => {
    let built: Layout;

    before(function () {
      const found = findBuilt();
      if (found === undefined) {
        console.log(
          '    the tensorflow engine is not built here, `make tensorflow` does it: its tests are left out',
        );
        this.skip();
      }
      built = found;
    });

    it('says so, and builds nothing', async () => {
      const stamp = readFileSync(built.stamp, 'utf8');
      const flags = stamp.includes('"flavour": "gpu"') ? ['--gpu'] : [];
      const text = await bloomOutput(['tensorflow', ...flags], { cwd: repoRoot });
      expect(text).to.match(/^the tensorflow engine, TensorFlow 2\.21\.0 for .*, is built already in .*\n$/);
      expect(readFileSync(built.stamp, 'utf8')).to.equal(stamp);
    });

    it('the addon computes in several threads, each on its own device, and lets the process end', async () => {
      const { devices, tried } = await testAddon(built.addon);
      expect(devices.map(({ name }) => name)).to.include('/job:localhost/replica:0/task:0/device:CPU:0');
      expect(tried.length).to.be.at.least(1);
      for (const { memoryBytes } of devices) expect(memoryBytes).to.be.greaterThan(0);
    });

    for (const [proto, message] of [
      ['0a0', /TFJS_NODE_CONFIG_PROTO is not hexadecimal: 0a0/],
      ['0a07', /Exception creating TFE_Context: Unparseable ConfigProto/],
    ] as const) {
      it(`a ConfigProto of ${proto} is an error, not a crash`, async () => {
        const env = { TFJS_NODE_CONFIG_PROTO: proto };
        const args = ['-e', 'require(process.argv[1])', built.addon];
        const { exitCode, stderr } = await run(process.execPath, args, { cwd: repoRoot, env });
        expect(stderr).to.match(message);
        expect(exitCode).to.equal(1);
      });
    }

    it('refuses devices and tensors that do not exist', async () => {
      const script = `
        const addon = require(process.argv[1]);
        for (const call of [() => addon.useDevice('/device:GPU:99'), () => addon.deviceMemory(), () => addon.deviceOf(7)])
          try { console.log(call()); } catch (error) { console.log(error.message); }
      `;
      const { stdout } = await run(process.execPath, ['-e', script, built.addon], { cwd: repoRoot });
      expect(stdout).to.equal(
        'No such device: /device:GPU:99\nArgument is not a string!\n' +
          'Device asked of a Tensor not referenced (tensor_id: 7)\n',
      );
    });
  });

  it('make tensorflow refuses options that are not its own', async () => {
    const env = { NODE_V8_COVERAGE: '' };
    const outcome = await run('make', ['tensorflow', 'WORKERS=2'], { cwd: repoRoot, env }).catch(
      () => undefined,
    );
    if (outcome === undefined) return; // no make here
    expect(outcome.stderr).to.match(/make tensorflow takes GPU CACHE_DIR, not WORKERS\./);
    expect(outcome.exitCode).to.be.greaterThan(0);
  });
});

/** Built by this tool in the installed package, if that is there at all. */
function findBuilt(): Layout | undefined {
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json');
  } catch {
    return undefined; // an optional dependency
  }
  const layout = layoutIn(dirname(manifest));
  return existsSync(layout.stamp) && existsSync(layout.addon) ? layout : undefined;
}
