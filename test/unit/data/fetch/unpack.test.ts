import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { create } from 'tar';
import { BloomError, DataError, StorageError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { unpack, type Unpacking } from '../../../../src/data/fetch/unpack.js';
import { sampleBytes, watchedProgress } from '../../../support/source_files.js';
import { encodeTar, encodeTarGz, type TarMember } from '../../../support/tar_files.js';
import { withDataFolder } from '../idx_files.js';

const a: TarMember = { path: 'set/a.bin', bytes: sampleBytes(100_000) };
const b: TarMember = { path: 'set/b.bin', bytes: sampleBytes(5, 9) };
const members = [a.path, b.path];
const REMEDY = 'Put another one there.';

/** Runs with this file as an archive; `open` unpacks it into the folder `set`. */
function withArchive(
  archive: Uint8Array,
  run: (place: {
    readonly folder: string;
    readonly archive: string;
    readonly open: (more?: Partial<Unpacking>) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  return withDataFolder({ 'set.tar.gz': archive }, async (folder) => {
    const path = join(folder, 'set.tar.gz');
    const unpacking = {
      archive: path,
      members,
      maxMemberBytes: 100_000,
      remedy: REMEDY,
      progress: noProgress,
    };
    await run({
      folder,
      archive: path,
      open: (more) => unpack(join(folder, 'set'), { ...unpacking, ...more }),
    });
  });
}

async function expectRefused(archive: Uint8Array, why: RegExp): Promise<void> {
  await withArchive(archive, async ({ folder, open, archive: path }) => {
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(DataError)
      .and.deep.include({ code: 'ERR_ARCHIVE', details: { archive: path } });
    expect((error as DataError).message)
      .to.include(`"${path}" is not the archive`)
      .and.match(why)
      .and.match(/[.] Put another one there[.]$/);
    expect(await readdir(folder)).to.deep.equal(['set.tar.gz']);
  });
}

async function expectUnpacked(folder: string): Promise<void> {
  expect((await readdir(join(folder, 'set'))).toSorted()).to.deep.equal(['a.bin', 'b.bin']);
  expect(Buffer.compare(await readFile(join(folder, 'set', 'a.bin')), a.bytes!)).to.equal(0);
  expect(Buffer.compare(await readFile(join(folder, 'set', 'b.bin')), b.bytes!)).to.equal(0);
  expect((await readdir(folder)).toSorted()).to.deep.equal(['set', 'set.tar.gz']);
}

describe('unpack', () => {
  it('takes the members that are wanted, and no others', () =>
    withArchive(
      encodeTarGz([
        { path: 'set/', type: '5' },
        { path: 'set/readme.html', bytes: sampleBytes(700) },
        b,
        { path: 'set/sub/a.bin', bytes: sampleBytes(8) },
        a,
        { path: 'a.bin', bytes: sampleBytes(3) },
      ]),
      async ({ folder, open }) => {
        await open();
        await expectUnpacked(folder);
      },
    ));

  it('reads what another program writes', () =>
    withDataFolder({ 'a.bin': a.bytes!, 'b.bin': b.bytes! }, async (folder) => {
      await mkdir(join(folder, 'set'));
      for (const name of ['a.bin', 'b.bin']) await rename(join(folder, name), join(folder, 'set', name));
      const archive = join(folder, 'set.tar.gz');
      await create({ file: archive, cwd: folder, gzip: true }, ['set']);
      await unpack(join(folder, 'out'), {
        archive,
        members,
        maxMemberBytes: 100_000,
        remedy: REMEDY,
        progress: noProgress,
      });
      expect((await readdir(join(folder, 'out'))).toSorted()).to.deep.equal(['a.bin', 'b.bin']);
    }));

  it('tells its progress in bytes of the archive', () =>
    withArchive(encodeTarGz([a, b]), async ({ open, archive }) => {
      const progress = watchedProgress();
      await open({ progress });
      const { size } = await stat(archive);
      expect(progress.works).to.deep.equal([
        { what: 'Unpacking set.tar.gz', total: size, done: size, isEnded: true },
      ]);
    }));

  it('takes the first of two members of one name', () =>
    withArchive(encodeTarGz([a, b, { ...b, bytes: sampleBytes(5, 77) }]), async ({ folder, open }) => {
      await open();
      await expectUnpacked(folder);
    }));

  it('several at once leave one whole folder', () =>
    withArchive(encodeTarGz([a, b]), async ({ folder, open }) => {
      await Promise.all([open(), open(), open()]);
      await expectUnpacked(folder);
    }));

  it('removes what a killed run left', () =>
    withArchive(encodeTarGz([a, b]), async ({ folder, open }) => {
      const { pid } = spawnSync(process.execPath, ['--version']);
      const left = join(folder, `set.${hostname()}-${pid}-0123abcd.part`);
      await mkdir(left);
      await writeFile(join(left, 'a.bin'), 'half');
      await open();
      await expectUnpacked(folder);
    }));

  describe('refuses, and leaves nothing of', () => {
    const strange: readonly [string, TarMember, RegExp][] = [
      ['a path upwards', { path: '../set/a.bin', bytes: sampleBytes(3) }, /"\.\.\/set\/a\.bin" lies outside/],
      ['a path upwards, later', { path: 'set/../../x', bytes: sampleBytes(3) }, /lies outside/],
      ['a path upwards for Windows', { path: 'set\\..\\..\\x', bytes: sampleBytes(3) }, /lies outside/],
      ['a path from the root', { path: '/tmp/bloom-split-x', bytes: sampleBytes(3) }, /lies outside/],
      ['a path from a drive', { path: 'C:/x', bytes: sampleBytes(3) }, /lies outside/],
      ['a symbolic link', { path: 'set', type: '2', linkTo: '/tmp' }, /is a SymbolicLink/],
      [
        'a symbolic link in place of a member',
        { path: 'set/a.bin', type: '2', linkTo: '/etc/passwd' },
        /SymbolicLink/,
      ],
      ['a hard link', { path: 'set/a.bin', type: '1', linkTo: '/etc/passwd' }, /is a Link/],
      ['a character device', { path: 'set/a.bin', type: '3' }, /is a CharacterDevice/],
      ['a block device', { path: 'set/x', type: '4' }, /is a BlockDevice/],
      ['a pipe', { path: 'set/x', type: '6' }, /is a FIFO/],
      ['a folder in place of a member', { path: 'set/a.bin', type: '5' }, /no file of at most 100000 bytes/],
      [
        'a member too large',
        { path: 'set/a.bin', bytes: new Uint8Array(100_001) },
        /no file of at most 100000/,
      ],
    ];
    for (const [what, member, why] of strange) {
      it(`an archive with ${what}, before or behind the others`, async () => {
        await expectRefused(encodeTarGz([member, a, b]), why);
        // Behind them, one of the name of a member is a second one, which is not looked for.
        const last = member.path === a.path ? [member, a] : [a, member];
        await expectRefused(encodeTarGz([b, ...last]), why);
      });
    }

    it('a large archive, at its first strange member', () =>
      expectRefused(
        encodeTarGz([{ path: '../x' }, { path: 'set/large.bin', bytes: randomBytes(5_000_000) }]),
        /"\.\.\/x" lies outside/,
      ));

    it('an archive without a member', () => expectRefused(encodeTarGz([b]), /it has no set\/a\.bin/));

    it('an empty archive, an empty file, something else, an archive that is not gzipped', async () => {
      await expectRefused(encodeTarGz([]), /TAR_BAD_ARCHIVE/);
      await expectRefused(encodeTarGz([{ path: 'x' }]), /it has no set\/a\.bin, set\/b\.bin/);
      await expectRefused(new Uint8Array(), /unexpected end of file|it has no/);
      await expectRefused(Buffer.from('<html>not found</html>'), /incorrect header check/);
      await expectRefused(encodeTar([a, b]), /incorrect header check/);
      await expectRefused(gzipSync('no archive'), /it has no|TAR_BAD_ARCHIVE/i);
    });

    it('an archive cut off anywhere', async () => {
      const whole = encodeTarGz([a, b]);
      for (const part of [0.1, 0.5, 0.9, 0.99])
        await expectRefused(whole.subarray(0, part * whole.length), /unexpected end of file/);
      const tar = encodeTar([a, b]);
      // Within the header, within the bytes of a, in front of b, within b
      for (const length of [300, 50_000, 512 + 100_352, 512 + 100_352 + 514])
        await expectRefused(gzipSync(tar.subarray(0, length)), /it has no|truncated|TAR_/i);
    });

    it('an archive with a damaged header', async () => {
      const tar = gunzipSync(encodeTarGz([a, b]));
      tar[3] ^= 1;
      await expectRefused(gzipSync(tar), /checksum|it has no/i);
    });
  });

  it('whatever the bytes, unpacks the members as they are or says what is wrong', () => {
    const whole = encodeTar([{ path: 'set/', type: '5' }, b]);
    return fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(whole.length),
        async (changes, cut) => {
          const bytes = changes.reduce((file, [at, value]) => file.with(at, value), new Uint8Array(whole));
          const archive = gzipSync(bytes.subarray(0, Math.max(cut, 600)));
          await withArchive(archive, async ({ folder, open }) => {
            const error: unknown = await open({ members: [b.path] }).catch((reason: unknown) => reason);
            if (error !== undefined) expect(error).to.be.instanceOf(BloomError);
            const names = await readdir(folder);
            expect(names.filter((name) => name !== 'set' && name !== 'set.tar.gz')).to.deep.equal([]);
            expect(names.includes('set')).to.equal(error === undefined);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says where it cannot write', () =>
    withArchive(encodeTarGz([a, b]), async ({ folder, archive }) => {
      const inFile = join(archive, 'set');
      const unpacking = { archive, members, maxMemberBytes: 100_000, remedy: REMEDY, progress: noProgress };
      const error: unknown = await unpack(inFile, unpacking).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StorageError).and.include({ code: 'ERR_WRITE' });
      expect((error as StorageError).message)
        .to.include(`"${inFile}"`)
        .and.include('0.2 MB');
      expect(await readdir(folder)).to.deep.equal(['set.tar.gz']);
    }));
});
