import { expect } from 'chai';
import { join } from 'node:path';
import { onnxruntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { dense } from '../../../../src/models/layers.js';
import { createTails } from '../../../../src/server/tails/create_tails.js';
import { noTails } from '../../../../src/server/tails/no_tails.js';
import { foldersOf } from '../../../support/folders.js';
import { compilerOf, partOf } from '../../../support/segments.js';

describe('the tails of a scheme', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const newFolder = foldersOf();
  const weights = () => Float32Array.of(1, 2, 3, 4, 5, 6);
  const open = async (kind: 'one' | 'per_client') =>
    createTails(kind, await compile(partOf([dense('fc', 2, 2)], [2]), { hasLoss: true }), weights(), 'reset');

  it('one: everybody has the same', async () => {
    const tails = await open('one');
    await tails.beginTurn([0, 1]);
    expect(tails.of(0)).to.equal(tails.of(1));
    expect(tails.newest()).to.equal(tails.of(0));
    await tails.endTurn([0, 1], [1, 1]);
    expect([...((await tails.exportWeights()) ?? [])]).to.deep.equal([...weights()]);
  });

  it('one: is loaded as it was saved', async () => {
    const [tails, others] = [await open('one'), await open('one')];
    const path = join(newFolder(), 'tails.safetensors');
    const saved = await tails.saveStates(path);
    expect(saved?.clients).to.deep.equal([]);
    await others.loadStates({ path, sha256: saved?.sha256 ?? '', clients: [] });
    expect(others.newest()?.exportState()).to.deep.equal(tails.newest()?.exportState());
  });

  it('per client: each has its own', async () => {
    const tails = await open('per_client');
    await tails.beginTurn([0, 1]);
    expect(tails.of(0)).not.to.equal(tails.of(1));
  });

  it('none: there is nothing to train, save or export', async () => {
    expect([noTails.of(0), noTails.newest()]).to.deep.equal([null, null]);
    expect(await noTails.saveStates('never')).to.equal(null);
    expect(await noTails.exportWeights()).to.equal(null);
  });
});
