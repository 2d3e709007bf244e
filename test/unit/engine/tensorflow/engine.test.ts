import { expect } from 'chai';
import { headSpec } from '../../../../src/cli/segment_specs.js';
import { ConfigError } from '../../../../src/core/errors.js';
import { loadEngine } from '../../../../src/engine/registry.js';
import { loadTensorflowEngine } from '../../../../src/engine/tensorflow/engine.js';
import { dense } from '../../../../src/models/layers.js';
import { describeEngine } from '../../../contract/engine_suite.js';
import { describeTensorflow } from '../../../support/engines.js';
import { rejection } from '../../../support/link_errors.js';
import { adam, partOf } from '../../../support/segments.js';
import { addonAsShipped } from '../../../support/tensorflow_addons.js';
import { openHead, trainHead } from '../../../support/tensorflow_job.js';
import { plainCompute } from '../../../../src/engine/engine.js';

describeTensorflow('tensorflow', () => {
  describeEngine('tensorflow', () => loadEngine('tensorflow'));

  it('says which TensorFlow computes', async () => {
    expect((await loadEngine('tensorflow')).version).to.match(/^\d+\.\d+\.\d+/);
  });

  it('refuses several threads inside an operator, and names the engine that has them', async () => {
    const engine = await loadEngine('tensorflow');
    const part = partOf([dense('fc', 2, 3)], [2]);
    const spec = headSpec(part, adam, { device: 'cpu', ...plainCompute, intraOpThreads: 2 });
    const error = await rejection(engine.compile(spec), ConfigError, 'ERR_COMPUTE_THREADS');
    expect(error.message).to.include('Set `engine` to onnxruntime, or `intra_op_threads` to 1.');
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
