import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  connect,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { brokerConfig, type BrokerOptions } from '../../src/link/nats/broker_config.js';
import type { PartyKeys } from '../../src/link/nats/party_keys.js';
import type { Peers } from '../../src/link/nats/peers.js';

/** Any that is free. */
const FREE_PORT = -1;

/** A nats-server of a test's own. */
export interface Broker {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** A `describe` that is skipped, and says why, where one of the programs is not installed. */
export function describeWith(programs: readonly string[], what: string, tests: () => void): void {
  const missing = programs.filter((name) => spawnSync(name, ['-v'], { stdio: 'ignore' }).error);
  if (missing.length === 0) describe(what, tests);
  else describe.skip(`${what} (skipped: not installed here: ${missing.join(', ')})`, tests);
}

/** Starts a broker for these peers, with its configuration in a folder. */
export async function startBroker(folder: string, peers: Peers, tls?: BrokerOptions['tls']): Promise<Broker> {
  const config = join(folder, 'nats.conf');
  writeFileSync(config, brokerConfig(peers, { host: '127.0.0.1', port: FREE_PORT, ...(tls && { tls }) }));
  const child = spawn('nats-server', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    const port = /Listening for client connections on .*:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stderr.resume();
    return {
      port: Number(port),
      url: `nats://127.0.0.1:${port}`,
      close: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`nats-server did not start:\n${lines.join('\n')}`);
}

/** Connects as a party, or as nobody; without trying again. */
export function connectAs(
  keys: PartyKeys | undefined,
  { port }: Broker,
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const authenticator = keys && nkeyAuthenticator(keys.broker.export());
  return connect({
    servers: `localhost:${port}`,
    reconnect: false,
    ...(authenticator && { authenticator }),
    ...options,
  });
}
