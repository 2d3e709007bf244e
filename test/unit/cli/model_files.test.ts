import { expect } from 'chai';
import { clientParts, filesOfClient, headsDiffer, partsOfNetwork } from '../../../src/cli/model_files.js';
import { lenet } from '../../../src/models/lenet.js';
import { splitNetwork } from '../../../src/models/network.js';
import { modes, schemes, type Mode } from '../../../src/server/schemes/registry.js';

const network = lenet({ picture: [1, 28, 28], numClasses: 10 });
const inTwo = splitNetwork(network, 'default');
const uShaped = splitNetwork(network, 'default', 'default');

describe('the files of a model', () => {
  const run = (mode: Mode, split = inTwo) => ({ scheme: schemes[mode], split });
  const names = (mode: Mode, split = inTwo) => clientParts(schemes[mode], split).map(({ name }) => name);

  it('of a client are those of the parts that it has', () => {
    expect(names('sequential')).to.deep.equal(['head']);
    expect(names('splitfed_v1', uShaped)).to.deep.equal(['head', 'back']);
    for (const mode of ['central', 'local'] as const) expect(names(mode)).to.deep.equal(['head', 'tail']);
    expect(clientParts(schemes.parallel, uShaped).map(({ layers }) => layers)).to.deep.equal([
      uShaped.head.layers,
      uShaped.back?.layers,
    ]);
  });

  it('are numbered where every client ends with its own weights', () => {
    expect(modes.filter((mode) => headsDiffer(schemes[mode]))).to.deep.equal(['parallel', 'local']);
    expect(filesOfClient('run', run('sequential'), 3)).to.deep.equal(['run/model/head.safetensors']);
    expect(filesOfClient('run', run('parallel', uShaped), 3)).to.deep.equal([
      'run/model/head_3.safetensors',
      'run/model/back_3.safetensors',
    ]);
    expect(filesOfClient('run', run('local'), 3)).to.deep.equal([
      'run/model/head_3.safetensors',
      'run/model/tail_3.safetensors',
    ]);
    expect(filesOfClient('run', run('central'), 0)).to.deep.equal([
      'run/model/head.safetensors',
      'run/model/tail.safetensors',
    ]);
  });

  it('make the network when they are put together in order', () => {
    for (const [mode, split, files] of [
      ['sequential', inTwo, ['head', 'tail']],
      ['splitfed_v2', uShaped, ['head', 'tail', 'back']],
      ['central', inTwo, ['head', 'tail']],
    ] as const) {
      const parts = partsOfNetwork('run', run(mode, split));
      expect(parts.map(({ path }) => path)).to.deep.equal(
        files.map((name) => `run/model/${name}.safetensors`),
      );
      expect(parts.flatMap(({ layers }) => layers)).to.deep.equal(network.layers);
    }
  });
});
