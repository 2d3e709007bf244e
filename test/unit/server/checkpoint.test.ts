import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { StorageError } from '../../../src/core/errors.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import {
  forgetAfter,
  keepOnly,
  listCheckpoints,
  newestCheckpoint,
  requireFiles,
} from '../../../src/server/checkpoint.js';
import { checkpointAt, flipBit, progressAt, someFacts } from '../../support/checkpoints.js';
import { foldersOf } from '../../support/folders.js';
import { openSmallTraining } from '../../support/small_training.js';
import { rejection } from '../../support/link_errors.js';
import { compilerOf } from '../../support/segments.js';

/** Shards of 6, 4 and 9 rows in batches of 4, two rounds: visits of 2, 1, 3, 2, 1 and 3 batches. */
describe('a checkpoint', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const newFolder = foldersOf();
  const open = async () => {
    const ring = await openSmallTraining(compile);
    await ring.clients[0].createHead();
    return ring;
  };
  const damages: string[] = [];
  beforeEach(() => damages.splice(0));
  const newest = (folder: string) =>
    newestCheckpoint(
      folder,
      () => true,
      requireFiles,
      (message) => damages.push(message),
    );

  it('is read as it was written', async () => {
    const ring = await open();
    const folder = join(newFolder(), 'checkpoints');
    const written = await checkpointAt(folder, ring, 2, 1);
    expect(basename(written.folder)).to.equal('step-000000004');
    expect(readdirSync(written.folder).sort()).to.deep.equal([
      'heads-0.safetensors',
      'manifest.json',
      'tails.safetensors',
    ]);
    expect(await newest(folder)).to.deep.equal(written);
    expect(written).to.deep.include({ steps: 4, progress: progressAt(ring, 2, 1), ...someFacts });
    expect(damages).to.deep.equal([]);
  });

  it('the newest is the one with most steps', async () => {
    const [ring, folder] = [await open(), newFolder()];
    for (const [visit, steps] of [
      [3, 1],
      [0, 1],
      [2, 0],
    ])
      await checkpointAt(folder, ring, visit, steps);
    const all = await listCheckpoints(folder, () => expect.fail('nothing is damaged'));
    expect(all.map(({ steps }) => steps)).to.deep.equal([7, 3, 1]);
    const wanted = await newestCheckpoint(
      folder,
      ({ steps }) => steps < 7,
      requireFiles,
      () => undefined,
    );
    expect(wanted?.steps).to.equal(3);
  });

  it('there is none in a folder that is not there, or without a manifest', async () => {
    const folder = newFolder();
    expect(await newest(join(folder, 'none'))).to.equal(undefined);
    mkdirSync(join(folder, 'step-000000009'));
    writeFileSync(join(folder, 'step-000000009', 'heads-0.safetensors'), 'half');
    writeFileSync(join(folder, 'note.txt'), 'mine');
    expect(await newest(folder)).to.equal(undefined);
    expect(damages).to.deep.equal([]);
  });

  const manifest = (folder: string) => join(folder, 'manifest.json');
  const edited = (change: (manifest: Record<string, unknown>) => void) => (folder: string) => {
    const content = JSON.parse(readFileSync(manifest(folder), 'utf8')) as Record<string, unknown>;
    change(content);
    writeFileSync(manifest(folder), JSON.stringify(content));
  };
  const damage: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      'an empty manifest',
      (folder) => truncateSync(manifest(folder)),
      /manifest\.json" is not .*: it is not JSON/,
    ],
    ['half a manifest', (folder) => truncateSync(manifest(folder), 100), /it is not JSON/],
    [
      'a manifest of something else',
      (folder) => writeFileSync(manifest(folder), '[]'),
      /has not the fields of format 2/,
    ],
    ['a manifest of a later format', edited((each) => (each.format = 3)), /has not the fields of format 2/],
    ['a number that changed', edited((each) => (each.steps = 6)), /its SHA-256 differs from its contents/],
    ['no checksum', edited((each) => delete each.sha256), /its SHA-256 differs/],
    [
      'no head',
      (folder) => rmSync(join(folder, 'heads-0.safetensors')),
      /Cannot read ".*heads-0\.safetensors".*the state of one side/,
    ],
    [
      'half a tail',
      (folder) => truncateSync(join(folder, 'tails.safetensors'), 99),
      /tails\.safetensors" is not the file that its checkpoint was made with/,
    ],
    [
      'a bit of the head that flipped',
      (folder) => flipBit(folder, 'heads-0.safetensors'),
      /heads-0\.safetensors" is not the file/,
    ],
  ];
  for (const [what, harm, says] of damage) {
    it(`with ${what} is named, and the one before is taken`, async () => {
      const [ring, folder] = [await open(), newFolder()];
      await checkpointAt(folder, ring, 1);
      const { folder: last } = await checkpointAt(folder, ring, 2);
      harm(last);
      expect((await newest(folder))?.steps).to.equal(2);
      expect(damages).to.have.length(1);
      expect(damages[0]).to.match(/^checkpoint step-000000003 is left out: /);
      expect(damages[0]).to.match(says);
    });
  }

  it('laid out anew says the same', async () => {
    const [ring, folder] = [await open(), newFolder()];
    const written = await checkpointAt(folder, ring, 1);
    const content: unknown = JSON.parse(readFileSync(manifest(written.folder), 'utf8'));
    writeFileSync(manifest(written.folder), JSON.stringify(content, null, 4));
    expect(await newest(folder)).to.deep.equal(written);
  });

  it('takes the place of another one of the same step', async () => {
    const [ring, folder] = [await open(), newFolder()];
    const { folder: own } = await checkpointAt(folder, ring, 1);
    writeFileSync(join(own, 'left.over'), '');
    flipBit(own, 'heads-0.safetensors');
    await checkpointAt(folder, ring, 1);
    expect((await newest(folder))?.steps).to.equal(2);
    expect(existsSync(join(own, 'left.over'))).to.equal(false);
    expect(damages).to.deep.equal([]);
  });

  it('that cannot be written is a StorageError, and there is none', async () => {
    const [ring, folder] = [await open(), newFolder()];
    writeFileSync(join(folder, 'file'), '');
    const failed = checkpointAt(join(folder, 'file', 'checkpoints'), ring, 1);
    expect(await failed.catch((error: unknown) => error)).to.be.instanceOf(Error);
    await rejection(
      ring.links[0].saveStates({ path: join(folder, 'file', 'heads'), clients: [0] }),
      StorageError,
      'ERR_WRITE',
    );
    expect(await newest(folder)).to.equal(undefined);
  });

  it('keepOnly removes the others, damaged and half ones too, and nothing that is no checkpoint', async () => {
    const [ring, folder] = [await open(), newFolder()];
    for (const visit of [1, 2, 3]) await checkpointAt(folder, ring, visit);
    const { folder: damaged } = await checkpointAt(folder, ring, 4);
    truncateSync(manifest(damaged), 9);
    mkdirSync(join(folder, 'step-000000011'));
    mkdirSync(join(folder, 'mine'));
    const [, second] = await listCheckpoints(folder, () => undefined);
    await keepOnly(folder, [second]);
    expect(readdirSync(folder).sort()).to.deep.equal(['mine', 'step-000000003']);
  });

  it('forgetAfter removes those beyond where training goes on from', async () => {
    const [ring, folder] = [await open(), newFolder()];
    for (const visit of [1, 2, 3]) await checkpointAt(folder, ring, visit);
    const [, start] = await listCheckpoints(folder, () => undefined);
    await forgetAfter(folder, start);
    expect(readdirSync(folder).sort()).to.deep.equal(['step-000000002', 'step-000000003']);
    await forgetAfter(folder, undefined);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
