import { hasNatsServer } from '../test/support/nats_server.js';
import { openNatsLinks, thereAndBack } from './nats_links.js';
import { summarise, type Measurement } from './stats.js';

/** Frames of the default cuts at batch 32: activations up, gradients of the same shape down. */
const steps = [
  { subject: '51 kB', shape: [32, 400], stepsPerBlock: 100 },
  { subject: '803 kB', shape: [32, 6272], stepsPerBlock: 20 },
] as const;
const NUM_CLIENTS = 4;
const NUM_BLOCKS = 21;
const BYTES_PER_FLOAT = 4;

/**
 * What goes through one NATS server of this machine: one server exchanges frames with clients in processes of their own, with each one after the
 * other and with all at once. Broker, server and clients share the machine. Bytes are those of frames, both ways.
 */
export async function* brokerThroughput(): AsyncGenerator<Measurement> {
  if (!hasNatsServer) {
    process.stdout.write('The broker is left out: there is no nats-server on the PATH.\n');
    return;
  }
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const links = await openNatsLinks(NUM_CLIENTS, closing);
    for (const { subject, shape, stepsPerBlock } of steps) {
      const perS: number[] = [];
      for (let block = 0; block <= NUM_BLOCKS; block++) {
        const start = performance.now();
        await Promise.all(links.map((link) => thereAndBack(link, shape, stepsPerBlock)));
        const seconds = (performance.now() - start) / 1000;
        if (block === 0) continue; // warming up
        perS.push((2 * NUM_CLIENTS * stepsPerBlock) / seconds);
      }
      const megabytes = (BYTES_PER_FLOAT * shape[0] * shape[1]) / 1e6;
      const mbPerS = perS.map((messages) => messages * megabytes);
      const what = `${NUM_CLIENTS} clients, ${subject}, one broker`;
      yield summarise(what, perS, 'messages/s');
      yield summarise(what, mbPerS, 'MB/s');
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
