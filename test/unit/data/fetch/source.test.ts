import { expect } from 'chai';
import { ConfigError, DataError } from '../../../../src/core/errors.js';
import { addressOf, missingDataset, type Source } from '../../../../src/data/fetch/source.js';

const source: Source = {
  dataset: 'cats',
  address: 'https://cats.example/~tom/',
  files: [
    { name: 'a.gz', sizeBytes: 1, sha256: '' },
    { name: 'b.gz', sizeBytes: 2, sha256: '' },
  ],
};
const [file] = source.files;

describe('addressOf', () => {
  it("is the publisher's, or the mirror's, with or without a slash", () => {
    expect(addressOf(file, source, '')).to.equal('https://cats.example/~tom/a.gz');
    expect(addressOf(file, source, 'http://127.0.0.1:80/x')).to.equal('http://127.0.0.1:80/x/a.gz');
    expect(addressOf(file, source, 'HTTP://mirror/')).to.equal('HTTP://mirror/a.gz');
  });

  for (const mirror of [
    'mirror',
    '/data',
    'file:///data',
    'ftp://mirror/',
    'http://',
    'http://me:secret@mirror/',
  ]) {
    it(`refuses ${mirror}`, () => {
      expect(() => addressOf(file, source, mirror))
        .to.throw(ConfigError, '`data_mirror`')
        .and.not.match(/secret/);
    });
  }
});

describe('missingDataset', () => {
  it('says why, the address, the place, and both ways', () => {
    const cause = new Error('why');
    const error = missingDataset(source, 'There is nothing.', '/home/me/cats', cause);
    expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DATA_MISSING', cause });
    expect(error.message)
      .to.match(/^There is nothing\. /)
      .and.include('https://cats.example/~tom/')
      .and.include('`make data DATASET=cats`')
      .and.include('put a.gz, b.gz into "/home/me/cats"')
      .and.include('`data_dir`');
  });
});
