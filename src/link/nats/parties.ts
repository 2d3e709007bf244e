import { join } from 'node:path';
import type { NewFile } from './key_files.js';
import {
  keysToYaml,
  makePartyKeys,
  partyName,
  publicHalf,
  type Party,
  type PartyKeys,
} from './party_keys.js';
import { joinPeers, peersToYaml, type Peers } from './peers.js';

/** A server and its clients with keys of their own, who know each other. */
export interface Parties {
  readonly server: PartyKeys;
  readonly clients: readonly PartyKeys[];
  readonly peers: Peers;
}

/** Makes all of them in one place: whoever does so can read every head. */
export function makeParties(numClients: number): Parties {
  const server = makePartyKeys('server');
  const clients = Array.from({ length: numClients }, (_, client) => makePartyKeys(client));
  return { server, clients, peers: joinPeers([server, ...clients].map(publicHalf), 'The new keys') };
}

/** Where the key file of a party is in a folder. */
export function keyPath(party: Party, folder: string): string {
  return join(folder, `${partyName(party)}.key.yaml`);
}

/** Where the list of peers is in a folder. */
export function peersPath(folder: string): string {
  return join(folder, 'peers.yaml');
}

export function keyFile(keys: PartyKeys, folder: string): NewFile {
  return { path: keyPath(keys.party, folder), content: keysToYaml(keys), isSecret: true };
}

/** The key file of each, and the list of peers. */
export function filesOf({ server, clients, peers }: Parties, folder: string): readonly NewFile[] {
  const list = { path: peersPath(folder), content: peersToYaml(peers), isSecret: false };
  return [...[server, ...clients].map((keys) => keyFile(keys, folder)), list];
}
