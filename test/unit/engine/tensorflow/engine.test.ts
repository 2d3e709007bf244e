import { expect } from 'chai';
import { findAddon } from '../../../../src/engine/tensorflow/addon.js';
import { loadEngine } from '../../../../src/engine/registry.js';
import { describeEngine } from '../../../contract/engine_suite.js';
import { describeTensorflow } from '../../../support/engines.js';

describeTensorflow('tensorflow', () => {
  describeEngine('tensorflow', () => loadEngine('tensorflow'));

  it('says which TensorFlow computes', async () => {
    expect((await loadEngine('tensorflow')).version).to.match(/^\d+\.\d+\.\d+/);
    expect(findAddon()).to.match(/tfjs_binding\.node$/);
  });
});
