import { loadTensorflowEngine } from '../../../src/engine/tensorflow/engine.js';
import { describeEngine } from '../../contract/engine_suite.js';
import { describeTensorflow } from '../../support/tensorflow.js';

describeTensorflow('tensorflow', () => {
  describeEngine('tensorflow', () => Promise.resolve(loadTensorflowEngine()));
});
