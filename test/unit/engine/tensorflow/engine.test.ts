import { expect } from 'chai';
import { loadEngine } from '../../../../src/engine/registry.js';
import { loadTensorflowEngine } from '../../../../src/engine/tensorflow/engine.js';
import { describeEngine } from '../../../contract/engine_suite.js';
import { describeTensorflow } from '../../../support/engines.js';
import { addonAsShipped } from '../../../support/tensorflow_addons.js';
import { openHead, trainHead } from '../../../support/tensorflow_job.js';

describeTensorflow('tensorflow', () => {
  describeEngine('tensorflow', () => loadEngine('tensorflow'));

  it('says which TensorFlow computes', async () => {
    expect((await loadEngine('tensorflow')).version).to.match(/^\d+\.\d+\.\d+/);
  });

  it('trains with the addon as its makers ship it, on the device that it has', async () => {
    const engine = loadTensorflowEngine(addonAsShipped());
    const [{ name }, ...others] = await engine.listDevices();
    expect(others).to.deep.equal([]);
    const [head, same] = [await openHead(engine, name), await openHead(await loadEngine('tensorflow'), name)];
    for (const each of [head, same]) await trainHead(each, 0, 2);
    expect(head.exportState()).to.deep.equal(same.exportState());
    for (const each of [head, same]) each.dispose();
  });
});
