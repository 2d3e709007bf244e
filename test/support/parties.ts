import { makePartyKeys, publicHalf, type PartyKeys } from '../../src/link/nats/party_keys.js';
import { joinPeers, type Peers } from '../../src/link/nats/peers.js';

/** A server and clients with keys of their own, who know each other. */
export interface Parties {
  readonly server: PartyKeys;
  readonly clients: readonly PartyKeys[];
  readonly peers: Peers;
}

export function makeParties(numClients: number): Parties {
  const server = makePartyKeys('server');
  const clients = Array.from({ length: numClients }, (_, client) => makePartyKeys(client));
  return { server, clients, peers: joinPeers([server, ...clients].map(publicHalf), 'The test') };
}
