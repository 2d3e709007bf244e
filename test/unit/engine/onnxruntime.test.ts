import { expect } from 'chai';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { describeEngine } from '../../contract/engine_suite.js';

describeEngine('onnxruntime', () => Promise.resolve(onnxruntimeEngine));

describe('engine onnxruntime, devices', () => {
  it('are the processor alone', async () => {
    const devices = await onnxruntimeEngine.listDevices();
    expect(devices.map(({ name }) => name)).to.deep.equal(['cpu']);
    expect(devices[0].description).not.to.equal('');
  });
});
