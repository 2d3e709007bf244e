import { loadAddon, type Addon } from '../../src/engine/tensorflow/addon.js';
import { dataTypes } from '../../src/engine/tensorflow/attributes.js';

/** The addon without what `make tensorflow` adds to it. */
export function addonAsShipped(): Addon {
  const addon = loadAddon();
  const { TF_Version } = addon;
  return {
    TF_Version,
    createTensor: addon.createTensor.bind(addon),
    deleteTensor: addon.deleteTensor.bind(addon),
    tensorDataSync: addon.tensorDataSync.bind(addon),
    executeOp: addon.executeOp.bind(addon),
    getNumOfTensors: addon.getNumOfTensors.bind(addon),
    isUsingGpuDevice: addon.isUsingGpuDevice.bind(addon),
  };
}

/** An addon that notes where every tensor is at the moment that it is made. */
export interface SpiedAddon {
  readonly addon: Addon;
  /** TensorFlow's names of devices. */
  readonly devices: ReadonlySet<string>;
  /** Number of tensors that were looked at. */
  numSeen: number;
}

/** Shapes and axes are left out: int32 is the processor's by TensorFlow's own rule. */
export function spyOnAddon(): SpiedAddon {
  const real = loadAddon();
  const devices = new Set<string>();
  const addon: Addon = {
    ...addonAsShipped(),
    listDevices: () => real.listDevices?.() ?? [],
    useDevice: (device) => real.useDevice?.(device),
    createTensor(shape, dataType, data) {
      const tensor = real.createTensor(shape, dataType, data);
      if (dataType !== dataTypes.int32) note(tensor);
      return tensor;
    },
    executeOp(...args) {
      const outputs = real.executeOp(...args);
      for (const { id } of outputs) note(id);
      return outputs;
    },
  };
  const spied: SpiedAddon = { addon, devices, numSeen: 0 };
  const note = (tensor: number) => {
    devices.add(real.deviceOf?.(tensor) ?? 'unknown');
    spied.numSeen++;
  };
  return spied;
}
