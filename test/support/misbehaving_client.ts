import { openSync, writeFileSync } from 'node:fs';
import { Client } from '../../src/client/client.js';
import type { ActivationsMessage, GradientsMessage } from '../../src/link/messages.js';

/**
 * Loaded before a command (`NODE_OPTIONS=--import`), also in its worker threads: at one batch, once, a client does what
 * `MISBEHAVIOUR` says. `MISBEHAVIOUR_FILE` is made then; of `fifo` it is the place of the pipe, with `.done` after it.
 */
const DEADLY_STEP = 8;
const { MISBEHAVIOUR: kind, MISBEHAVIOUR_FILE: file = '' } = process.env;

const behaviours: Readonly<Record<string, (message: ActivationsMessage) => ActivationsMessage>> = {
  /** Grows the JavaScript heap until it is full. */
  heap: (message) => {
    const hoard: unknown[] = [];
    for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
    return message;
  },
  /** Waits inside native code for somebody to write. */
  fifo: (message) => {
    openSync(file, 'r');
    return message;
  },
  exit: () => process.exit(3),
  throw: () => {
    throw new TypeError('an accident in the client');
  },
  'another step': (message) => ({ ...message, step: message.step + 1 }),
  'another generation': (message) => ({ ...message, generation: message.generation + 1 }),
  'another shape': (message) => ({ ...message, z: { ...message.z, shape: [1, 2, 3] } }),
  'another type': (message) => ({ ...message, z: { ...message.z, dtype: 'float64' as 'float32' } }),
  'no buffer': (message) => ({ ...message, z: { ...message.z, data: null as unknown as ArrayBuffer } }),
};

if (kind !== undefined) {
  const behave = behaviours[kind];
  const trainStep = Object.getOwnPropertyDescriptor(Client.prototype, 'trainStep')?.value as (
    this: Client,
    request: GradientsMessage,
  ) => Promise<ActivationsMessage | null>;
  Client.prototype.trainStep = async function (request) {
    const message = await trainStep.call(this, request);
    return message && request.step === DEADLY_STEP && isFirst() ? behave(message) : message;
  };
}

function isFirst(): boolean {
  try {
    writeFileSync(`${file}.done`, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
