import { MessagePort } from 'node:worker_threads';

/** What came to this thread over all its ports. */
export interface PortWatch {
  /** Every buffer, and every text as its bytes: copies made when they came. */
  readonly received: readonly Buffer[];
  readonly messages: readonly unknown[];
  /** Forgets what came until now. */
  clear(): void;
  stop(): void;
}

type AddListener = typeof EventTarget.prototype.addEventListener;

/**
 * Listens along on every port on which this thread starts to listen from now on: messages to any other port never become
 * objects here. Watches the thread's own workers too, whose messages come over such ports.
 */
export function watchPorts(): PortWatch {
  const received: Buffer[] = [];
  const messages: unknown[] = [];
  const ports = new Set<MessagePort>();
  const original = Object.getOwnPropertyDescriptor(EventTarget.prototype, 'addEventListener')
    ?.value as AddListener;
  const listenAlong = (port: MessagePort) => {
    ports.add(port);
    original.call(port, 'message', (event) => {
      const { data } = event as unknown as { data: unknown };
      messages.push(data);
      received.push(...contentsOf(data));
    });
  };
  const listenFirst = (target: unknown, type: string) => {
    // First, so that a buffer is seen before anybody passes it on.
    if (target instanceof MessagePort && type === 'message' && !ports.has(target)) listenAlong(target);
  };
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<AddListener>) {
    listenFirst(this, args[0]);
    original.apply(this, args);
  };
  return {
    received,
    messages,
    clear() {
      received.length = messages.length = 0;
    },
    stop() {
      EventTarget.prototype.addEventListener = original;
    },
  };
}

/** The bytes of everything in a message, numbers in plain lists included. */
function contentsOf(value: unknown): Buffer[] {
  if (typeof value === 'string') return [Buffer.from(value)];
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return [Buffer.from(new Uint8Array(value).slice())];
  if (ArrayBuffer.isView(value))
    return [Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice())];
  if (typeof value !== 'object' || value === null) return [];
  const parts: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  const numbers = parts.filter((part) => typeof part === 'number');
  const asFloats = numbers.length < 8 ? [] : [Buffer.from(Float32Array.from(numbers).buffer)];
  return [...asFloats, ...parts.flatMap(contentsOf)];
}
