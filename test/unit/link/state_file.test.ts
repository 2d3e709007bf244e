import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, StorageError } from '../../../src/core/errors.js';
import { readStateFile, writeStateFile } from '../../../src/link/state_file.js';
import { freshState, plainCompute } from '../../../src/engine/engine.js';
import { dense } from '../../../src/models/layers.js';
import { flipBit } from '../../support/checkpoints.js';
import { foldersOf } from '../../support/folders.js';
import { rejection } from '../../support/link_errors.js';
import { expectSameState, partOf, sgd } from '../../support/segments.js';
import { randomTensor } from '../../support/tensors.js';

const spec = {
  part: partOf([dense('fc', 2, 2)], [2]),
  hasLoss: false,
  needsInputGradient: false,
  groups: [{ numLayers: 1, optimizer: sgd }],
  device: 'cpu',
  ...plainCompute,
};
const state = freshState(spec, randomTensor([6], 3).data);

describe("one side's file of a checkpoint", () => {
  const newFolder = foldersOf();

  it('is told with its size and SHA-256, and is read back', async () => {
    const folder = newFolder();
    const path = join(folder, 'new', 'head.safetensors');
    const { sha256, sizeBytes } = await writeStateFile(path, [{ prefix: 'own.', spec, state }]);
    const bytes = readFileSync(path);
    expect(sizeBytes).to.equal(bytes.length);
    expect(sha256).to.equal(createHash('sha256').update(bytes).digest('hex'));
    const read = await readStateFile({ path, sha256 });
    expectSameState(read('own.', spec), state);
    expect(readdirSync(join(folder, 'new'))).to.deep.equal(['head.safetensors']);
  });

  it('of which a bit flipped is refused', async () => {
    const folder = newFolder();
    const path = join(folder, 'head.safetensors');
    const { sha256 } = await writeStateFile(path, [{ prefix: 'own.', spec, state }]);
    flipBit(folder, 'head.safetensors');
    const error = await rejection(readStateFile({ path, sha256 }), DataError, 'ERR_CHECKSUM');
    expect(error.message).to.include(`its SHA-256 is not ${sha256}`);
  });

  it('that is not there, or cannot be written, says so', async () => {
    const path = join(newFolder(), 'head');
    await rejection(readStateFile({ path, sha256: '' }), DataError, 'ERR_READ');
    mkdirSync(path);
    await rejection(writeStateFile(path, [{ prefix: 'own.', spec, state }]), StorageError, 'ERR_WRITE');
  });
});
