import { expect } from 'chai';
import { chooseEngine } from '../../../src/engine/choice.js';
import type { Engine } from '../../../src/engine/engine.js';
import { engineNames } from '../../../src/engine/registry.js';

const nothingIsLoaded = () => Promise.reject(new Error('loaded'));
const seeing = (...names: readonly string[]) => ({
  whyNotTensorflow: () => undefined,
  loadTensorflow: () =>
    Promise.resolve({
      listDevices: () => Promise.resolve(names.map((name) => ({ name, description: '' }))),
    } as unknown as Engine),
});

describe('chooseEngine', () => {
  for (const name of engineNames)
    it(`takes ${name} where it is asked for, and loads nothing`, async () => {
      const around = { whyNotTensorflow: () => undefined, loadTensorflow: nothingIsLoaded };
      expect(await chooseEngine(name, around)).to.deep.equal({ name, why: undefined });
    });

  it('auto: tensorflow where it sees a GPU', async () => {
    expect(await chooseEngine('auto', seeing('gpu:0', 'cpu'))).to.deep.equal({
      name: 'tensorflow',
      why: 'auto: it sees a GPU',
    });
  });

  it('auto: onnxruntime where no GPU is visible or nothing is built; TensorFlow is not even loaded', async () => {
    const around = { whyNotTensorflow: () => 'no NVIDIA GPU is visible', loadTensorflow: nothingIsLoaded };
    expect(await chooseEngine('auto', around)).to.deep.equal({
      name: 'onnxruntime',
      why: 'auto: no NVIDIA GPU is visible',
    });
  });

  it('auto: onnxruntime where the build does not see the GPU, or does not load, and says so', async () => {
    const blind = await chooseEngine('auto', seeing('cpu'));
    expect(blind.name).to.equal('onnxruntime');
    expect(blind.why).to.include('`make tensorflow GPU=1`');
    const broken = await chooseEngine('auto', { ...seeing(), loadTensorflow: nothingIsLoaded });
    expect(broken).to.deep.equal({
      name: 'onnxruntime',
      why: 'auto: tensorflow cannot be used: loaded',
    });
  });
});
