import { loadAddon, type Addon } from '../../src/engine/tensorflow/addon.js';
import { dataTypes } from '../../src/engine/tensorflow/attributes.js';

/** An addon that notes where every tensor is at the moment that it is made. */
export interface SpiedAddon {
  readonly addon: Addon;
  /** TensorFlow's names of devices. */
  readonly devices: Set<string>;
  /** Number of tensors that were looked at. */
  numSeen: number;
}

/** Shapes and axes are left out: int32 is the processor's by TensorFlow's own rule. */
export function spyOnAddon(): SpiedAddon {
  const real = loadAddon();
  const deviceOf = real.deviceOf?.bind(real);
  if (!deviceOf)
    throw new Error('This addon cannot tell where a tensor is: `make tensorflow` builds one that can.');
  const spied = { devices: new Set<string>(), numSeen: 0 };
  const note = (tensor: number) => {
    spied.devices.add(deviceOf(tensor));
    spied.numSeen++;
    return tensor;
  };
  const addon: Addon = {
    TF_Version: real.TF_Version,
    deleteTensor: (tensor) => {
      real.deleteTensor(tensor);
    },
    tensorDataSync: (tensor) => real.tensorDataSync(tensor),
    getNumOfTensors: () => real.getNumOfTensors(),
    isUsingGpuDevice: () => real.isUsingGpuDevice(),
    listDevices: () => real.listDevices?.() ?? [],
    useDevice: (device) => real.useDevice?.(device),
    createTensor(shape, dataType, data) {
      const tensor = real.createTensor(shape, dataType, data);
      return dataType === dataTypes.int32 ? tensor : note(tensor);
    },
    executeOp(...args) {
      const outputs = real.executeOp(...args);
      for (const { id } of outputs) note(id);
      return outputs;
    },
  };
  return Object.assign(spied, { addon });
}
