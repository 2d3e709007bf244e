import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../../../../src/core/errors.js';
import { findAddon, loadAddon } from '../../../../src/engine/tensorflow/addon.js';

/** A folder with the package as far as it is asked for, and a module in it that wants the addon. */
describe('the addon of tfjs', () => {
  let folder: string;
  const from = () => pathToFileURL(join(folder, 'module.js')).href;
  const packageFolder = () => join(folder, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  const install = async () => {
    await mkdir(packageFolder(), { recursive: true });
    await writeFile(join(packageFolder(), 'package.json'), '{ "name": "@tensorflow/tfjs-node-gpu" }');
  };
  const build = async (version: string) => {
    const lib = join(packageFolder(), 'lib', version);
    await mkdir(lib, { recursive: true });
    await writeFile(join(lib, 'tfjs_binding.node'), 'not a library');
    return join(lib, 'tfjs_binding.node');
  };
  const expectRefusal = (code: string, ...words: readonly string[]) => {
    expect(() => loadAddon(from()))
      .to.throw(ConfigError)
      .that.satisfies((error: ConfigError) => {
        expect(error.code).to.equal(code);
        for (const word of words) expect(error.message).to.include(word);
        return true;
      });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bloom-split-addon-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is missing where the package is: the error says how to get it', () => {
    expect(findAddon(from())).to.equal(undefined);
    expectRefusal(
      'ERR_ENGINE_MISSING',
      'not installed here. Install it with `npm install --include=optional`, then run `make tensorflow`',
      '"onnxruntime"',
    );
  });

  it('is missing where the package is installed but not built', async () => {
    await install();
    expect(findAddon(from())).to.equal(undefined);
    expectRefusal('ERR_ENGINE_MISSING', 'not built here. Run `make tensorflow`', '`make tensorflow GPU=1`');
  });

  it('is the newest one that this Node.js can load', async () => {
    await install();
    const path = await build('napi-v8');
    await build('napi-v4');
    await build('napi-v9999');
    expect(findAddon(from())).to.equal(path);
  });

  it('that does not load becomes an error with the reason, and no crash', async () => {
    await install();
    const path = await build('napi-v8');
    expectRefusal('ERR_ENGINE_LOAD', path, '`make clean-tensorflow`');
  });
});
