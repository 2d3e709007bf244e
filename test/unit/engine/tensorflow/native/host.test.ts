import { expect } from 'chai';
import { tmpdir } from 'node:os';
import {
  checkGlibc,
  checkSpace,
  formatBytes,
  freeBytesIn,
} from '../../../../../src/engine/tensorflow/native/host.js';

describe('checkGlibc', () => {
  it('takes 2.27 and newer', () => {
    for (const version of ['2.27', '2.36', '2.100', '3.0']) checkGlibc(version);
  });

  it('refuses older ones and other C libraries, naming what was found', () => {
    for (const version of ['2.26', '2.9', '1.99'])
      expect(() => checkGlibc(version)).to.throw(
        `need glibc 2.27 or newer, but this machine has ${version}.`,
      );
    expect(() => checkGlibc(undefined)).to.throw(/another C library \(musl\?\)/);
  });
});

describe('checkSpace', () => {
  const needs = [
    { folder: '/', bytes: 1e9 },
    { folder: '/.', bytes: 2e9 },
  ];

  it('adds up what goes to one disk', async () => {
    await checkSpace(needs, () => Promise.resolve(3e9));
    const refused = await checkSpace(needs, () => Promise.resolve(2.9e9)).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'ERR_TENSORFLOW_SPACE' });
    expect((refused as Error).message).to.match(/needs 3\.0 GB on the disk of .* where 2\.9 GB are free/);
  });

  it('asks the disk of a folder that is there', async () => {
    const free = await freeBytesIn(tmpdir());
    expect(free).to.be.a('number').and.at.least(0);
    await checkSpace([{ folder: tmpdir(), bytes: 0 }], freeBytesIn);
    const refused = await checkSpace([{ folder: tmpdir(), bytes: 1e18 }], freeBytesIn).catch(
      (e: unknown) => e,
    );
    expect(refused).to.include({ code: 'ERR_TENSORFLOW_SPACE' });
  });
});

describe('formatBytes', () => {
  it('counts in MB below a GB, rounded up', () => {
    expect(formatBytes(273_829_956)).to.equal('274 MB');
    expect(formatBytes(1)).to.equal('1 MB');
    expect(formatBytes(5_712_000_000)).to.equal('5.7 GB');
  });
});
