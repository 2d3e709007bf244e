import { connectNats, type Connection } from '../../link/nats/connection.js';
import { readPartyKeys } from '../../link/nats/key_files.js';
import { partyName, type Party } from '../../link/nats/party_keys.js';
import { readPeers, requireListed } from '../../link/nats/peers.js';
import type { Correspondence } from '../../link/nats/sealed.js';
import { tuneForFrames } from './memory.js';

/** Where a party connects, and with which files. */
export interface PartyOptions {
  /** Addresses of the broker, comma-separated. */
  readonly url: string;
  readonly keyFile: string;
  readonly peersFile: string;
  /** Empty where there is none. */
  readonly caFile: string;
  /** Told what becomes of the connection, and what is refused. */
  readonly warn: (message: string) => void;
}

/** One party of a run on several hosts, connected. */
export interface ConnectedParty {
  readonly connection: Connection;
  readonly correspondence: Correspondence;
}

/** Reads the keys of a party and the list of peers, and connects. Throws ConfigError, DataError or SetupError. */
export async function connectParty(party: Party, options: PartyOptions): Promise<ConnectedParty> {
  const { url, keyFile, peersFile, caFile, warn } = options;
  const keys = await readPartyKeys(keyFile);
  const peers = await readPeers(peersFile);
  requireListed(keys, party, peers);
  tuneForFrames();
  const connection = await connectNats({
    servers: url.split(','),
    seed: keys.broker.export().toString(),
    tls: caFile === '' ? undefined : { caFile },
    name: `bloom-split ${partyName(party)}`,
    onStatus(status) {
      switch (status.type) {
        case 'lost':
          warn('the connection to the NATS server is lost: trying again');
          break;
        case 'back':
          warn(`connected to ${status.server} again`);
          break;
        case 'refused':
          warn(status.error.message);
          break;
        case 'ended':
          if (status.error) warn(status.error.message);
      }
    },
  });
  return { connection, correspondence: { keys, peers } };
}
