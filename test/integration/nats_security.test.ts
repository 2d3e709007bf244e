import { expect } from 'chai';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePartyKeys, type PartyKeys } from '../../src/link/nats/party_keys.js';
import { connectAs, describeWith, startBroker, type Broker } from '../support/broker.js';
import { makeCertificates, type Certificates } from '../support/certificates.js';
import { makeParties } from '../support/parties.js';

import type { NatsConnection } from '@nats-io/transport-node';

describeWith(['nats-server'], 'who may use the broker of a run', () => {
  const { server, clients, peers } = makeParties(3);
  const subject = (rest: string) => `bloom.${peers.runName}.${rest}`;
  let folder: string;
  let broker: Broker;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bloom-split-test-'));
    broker = await startBroker(folder, peers);
  });
  after(async () => {
    await broker.close();
    rmSync(folder, { recursive: true });
  });

  const connections: NatsConnection[] = [];
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  async function join_(keys: PartyKeys | undefined): Promise<NatsConnection> {
    const connection = await connectAs(keys, broker);
    connections.push(connection);
    return connection;
  }

  it('everybody on the list', async () => {
    for (const keys of [server, ...clients]) await join_(keys);
  });
});
