import type { MessagePort } from 'node:worker_threads';

/** A thread that comes up and never says a word. */
export function hostClients({ port }: { port: MessagePort }): Promise<void> {
  return new Promise(() => port.on('message', () => undefined));
}
