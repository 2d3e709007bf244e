import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOverrides } from '../../../src/config/overrides.js';
import { listToYaml } from '../../../src/config/written.js';
import { ConfigError } from '../../../src/core/errors.js';

describe('readOverrides', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bloom-split-overrides-'));
    path = join(folder, 'overrides.yaml');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads what a run wrote, whatever is in it', () => {
    const overrides = ['n_epochs=3', `data_dir=/a: b/${'long '.repeat(40)}#c`, 'devices=cpu,cpu'];
    writeFileSync(path, listToYaml(overrides));
    expect(readOverrides(path)).to.deep.equal(overrides);
    writeFileSync(path, listToYaml([]));
    expect(readOverrides(path)).to.deep.equal([]);
  });

  for (const content of ['', 'n_epochs: 3', '- [1]', '- 3', '- "open', '- *nowhere']) {
    it(`refuses ${JSON.stringify(content)}`, () => {
      writeFileSync(path, content);
      expect(() => readOverrides(path)).to.throw(ConfigError, /overrides\.yaml" should be a YAML list/);
    });
  }

  it('says what is missing', () => {
    expect(() => readOverrides(path)).to.throw(ConfigError, /Cannot read ".*overrides\.yaml".*run directory/);
  });
});
