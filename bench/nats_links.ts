import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CallGuard } from '../src/link/call_guard.js';
import type { Link } from '../src/link/link.js';
import { openCaller } from '../src/link/nats/caller.js';
import { connectNats } from '../src/link/nats/connection.js';
import { openNatsLink } from '../src/link/nats/nats_link.js';
import { newSession } from '../src/link/nats/session.js';
import { subjectsOf } from '../src/link/nats/subjects.js';
import { startNatsServer } from '../test/support/nats_server.js';

const RUN = '0123456789abcdef';

/** Links to so many clients, each a process that echoes, behind one NATS server of this machine. What is to be closed in the end is added to a list. */
export async function openNatsLinks(
  numClients: number,
  closing: (() => Promise<unknown>)[],
): Promise<readonly Link[]> {
  const broker = await startNatsServer();
  closing.push(() => broker.close());
  const connection = await connectNats({
    servers: [broker.url],
    seed: undefined,
    tls: undefined,
    name: 'server',
    onStatus: () => undefined,
  });
  closing.push(() => connection.close());
  const links: Link[] = [];
  for (let client = 0; client < numClients; client++) {
    const file = fileURLToPath(new URL('nats_client_process.js', import.meta.url));
    const child = fork(file, [broker.url, RUN, String(client)]);
    closing.push(async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    });
    await once(child, 'message');
    const options = { ...subjectsOf(RUN).call(client), session: newSession(), retryMs: 2000 };
    const caller = openCaller(connection, options);
    closing.push(() => {
      caller.close();
      return Promise.resolve();
    });
    const guard = new CallGuard(`client ${client}`, 60_000);
    links.push(openNatsLink({ client, place: client }, caller, guard, { toName: (path) => path }));
  }
  return links;
}

/** Sends a frame of float32 there and back so many times; the buffer goes with the frame, and comes back in the reply. */
export async function thereAndBack(
  link: Link,
  shape: readonly [number, number],
  numSteps: number,
): Promise<void> {
  let data = new Float32Array(shape[0] * shape[1]).fill(0.5).buffer;
  for (let step = 0; step < numSteps; step++) {
    const reply = await link.backStep({ generation: 0, step, z: { shape, dtype: 'float32', data } });
    data = reply.dz.data;
  }
}
