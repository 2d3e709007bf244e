import { once } from 'node:events';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** As much of the addon as is tried. */
interface Addon {
  readonly TF_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  listDevices(): string[];
  deviceMemory(name: string): number;
  useDevice(name: string): void;
  deviceOf(tensorId: number): string;
  createTensor(shape: readonly number[], dtype: number, values: Float32Array): number;
  executeOp(
    name: string,
    attributes: readonly object[],
    inputs: readonly number[],
    numOutputs: 1,
  ): [{ id: number }];
  tensorDataSync(tensorId: number): Float32Array;
}

/** What a thread is to do: list the devices, or compute on one of them. */
interface Order {
  readonly addonFile: string;
  readonly device?: string;
}

/** A ConfigProto that makes two devices of one processor, and leaves the rest to soft placement: device_count, field 1, is a map. */
const TWO_CPUS = Buffer.from([0x0a, 7, 0x0a, 3, ...Buffer.from('CPU'), 0x10, 2, 0x38, 1]).toString('hex');

// The argument of a process of its own, not the program's.
// eslint-disable-next-line no-restricted-properties
if (isMainThread) await testInThreads(process.argv[2]);
else parentPort?.postMessage(obey(workerData as Order));

/** Every GPU, or two devices made of the CPU, each in a thread of its own and all at once; prints the devices. */
async function testInThreads(addonFile: string): Promise<void> {
  const devices = (await inThread({ addonFile }, {})) as { name: string; memoryBytes: number }[];
  const gpus = devices.map(({ name }) => name).filter((name) => name.includes('device:GPU:'));
  const cpus = [0, 1].map((index) => devices[0].name.replace(/\d+$/, String(index)));
  const env = gpus.length > 0 ? {} : { TFJS_NODE_CONFIG_PROTO: TWO_CPUS };
  const tried = gpus.length > 0 ? gpus : cpus;
  await Promise.all(tried.map((device) => inThread({ addonFile, device }, env)));
  process.stdout.write(`${JSON.stringify({ devices, tried })}\n`);
}

/** The environment is the one that the thread's JavaScript sees, which the addon asks. */
async function inThread(order: Order, env: NodeJS.ProcessEnv): Promise<unknown> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order, env });
  const [answer] = (await once(worker, 'message')) as [unknown];
  await worker.terminate();
  return answer;
}

function obey({ addonFile, device }: Order): unknown {
  const addon = createRequire(import.meta.url)(addonFile) as Addon;
  if (device === undefined)
    return addon.listDevices().map((name) => ({ name, memoryBytes: addon.deviceMemory(name) }));
  addon.useDevice(device);
  const square = addon.createTensor([2, 2], addon.TF_FLOAT, Float32Array.of(1, 2, 3, 4));
  const attributes = [
    { name: 'transpose_a', type: addon.TF_ATTR_BOOL, value: false },
    { name: 'transpose_b', type: addon.TF_ATTR_BOOL, value: false },
    { name: 'T', type: addon.TF_ATTR_TYPE, value: addon.TF_FLOAT },
  ];
  const [{ id }] = addon.executeOp('MatMul', attributes, [square, square], 1);
  // [1 2; 3 4] squared: 1*1 + 2*3, 1*2 + 2*4; 3*1 + 4*3, 3*2 + 4*4.
  const [product, expected] = [addon.tensorDataSync(id).join(), '7,10,15,22'];
  if (product !== expected) throw new Error(`A matrix product is ${product}, not ${expected}.`);
  for (const tensor of [square, id]) {
    const found = addon.deviceOf(tensor);
    if (found !== device) throw new Error(`A tensor of a thread on ${device} is on ${found}.`);
  }
  return null;
}
