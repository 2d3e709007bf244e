import { expect } from 'chai';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../src/config/cache_folder.js';

describe('cacheFolder', () => {
  const before = process.env.XDG_CACHE_HOME;
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });

  it('lies in $XDG_CACHE_HOME where that is an absolute path, else in ~/.cache', () => {
    process.env.XDG_CACHE_HOME = '/var/cache/me';
    expect(cacheFolder()).to.equal('/var/cache/me/bloom-split');
    for (const ignored of ['', 'relative/folder', undefined]) {
      if (ignored === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = ignored;
      expect(cacheFolder()).to.equal(join(homedir(), '.cache', 'bloom-split'));
    }
  });
});
