import { expect } from 'chai';
import { chooseEngine } from '../../../src/engine/choice.js';
import { engineNames } from '../../../src/engine/registry.js';
import { countNvidiaGpus } from '../../../src/engine/tensorflow/nvidia.js';

describe('chooseEngine', () => {
  for (const name of engineNames)
    it(`takes ${name} where it is asked for, and loads nothing`, async () => {
      expect(await chooseEngine(name)).to.deep.equal({ name, why: undefined });
    });

  it('auto: onnxruntime where no GPU is visible', async function () {
    if (countNvidiaGpus() > 0) this.skip(); // there is one here
    expect(await chooseEngine('auto')).to.deep.equal({
      name: 'onnxruntime',
      why: 'auto: no NVIDIA GPU is visible',
    });
  });
});
