import { createHash } from 'node:crypto';
import { ConfigError, DataError } from '../../core/errors.js';
import { readRequiredFile } from '../../core/files.js';
import { notKeys, parseKeyYaml, toKeyYaml } from './key_yaml.js';
import {
  halfFromPlain,
  halfToPlain,
  partyName,
  publicHalf,
  type Party,
  type PartyKeys,
  type PublicHalf,
} from './party_keys.js';

/** Everybody who takes part in a run. */
export interface Peers {
  readonly server: PublicHalf;
  /** By their numbers. */
  readonly clients: readonly PublicHalf[];
  /** SHA-256 of all keys in order, in hex: who has the same has the same list. */
  readonly fingerprint: string;
  /** Names the run on the broker: the first 16 digits of the fingerprint. */
  readonly runName: string;
}

/** The list in a file. Throws DataError where it is not whole. */
export async function readPeers(path: string): Promise<Peers> {
  return joinPeers(await readHalves(path), `"${path}"`);
}

/** The public halves in a file: one, or a list. Throws DataError. */
export async function readHalves(path: string): Promise<readonly PublicHalf[]> {
  const bytes = await readRequiredFile(
    path,
    'public keys, as `bloom-split keys` and `bloom-split peers` write them',
  );
  return halvesOf(bytes, path);
}

/** The public halves in the content of such a file. Throws DataError. */
export function halvesOf(bytes: Uint8Array, path: string): readonly PublicHalf[] {
  const { content } = parseKeyYaml(bytes, path);
  const list: readonly unknown[] = Array.isArray(content) ? content : [content];
  if (list.length === 0) throw notKeys(path, 'the list is empty');
  return list.map((each) => halfFromPlain({ path, content: each }));
}

/** Makes a list of its parts. Throws DataError unless there is a server, clients from 0 up without a gap, and no key twice. */
export function joinPeers(halves: readonly PublicHalf[], where: string): Peers {
  const byParty = new Map<Party, PublicHalf>();
  for (const half of halves) {
    if (byParty.has(half.party)) throw notWhole(where, `${partyName(half.party)} is there twice`);
    byParty.set(half.party, half);
  }
  const server = byParty.get('server');
  if (!server) throw notWhole(where, 'the server is missing');
  const clients = Array.from({ length: byParty.size - 1 }, (_, client) => {
    const half = byParty.get(client);
    if (!half)
      throw notWhole(
        where,
        `${partyName(client)} is missing (it has ${byParty.size - 1} clients, numbered from 0)`,
      );
    return half;
  });
  if (clients.length === 0) throw notWhole(where, 'it has no client');
  refuseSharedKeys([server, ...clients], where);
  const keys = [server, ...clients].map(({ broker, sign, seal }) => [broker, sign, seal]);
  const fingerprint = createHash('sha256').update(JSON.stringify(keys)).digest('hex');
  return { server, clients, fingerprint, runName: fingerprint.slice(0, 16) };
}

/** A list as the content of its file. */
export function peersToYaml({ server, clients, fingerprint }: Peers): string {
  return toKeyYaml(
    `Public keys of all who take part: no secret, but everybody must have the same. SHA-256 of the keys: ${fingerprint}`,
    [server, ...clients].map(halfToPlain),
  );
}

/** Throws ConfigError unless these are the keys that the list has for this party. */
export function requireListed(keys: PartyKeys, party: Party, peers: Peers): void {
  const name = partyName(party);
  if (keys.party !== party)
    throw new ConfigError(
      'ERR_KEY_PARTY',
      `The key file is of ${partyName(keys.party)}, but ${name} was started with it. Give ${name}'s own with \`--key\`.`,
    );
  const listed = party === 'server' ? peers.server : peers.clients.at(party);
  const own = publicHalf(keys);
  if (!listed)
    throw new ConfigError(
      'ERR_KEY_NOT_LISTED',
      `${name} is not on the list of peers, which has ${peers.clients.length} clients. Add its public half with \`bloom-split peers\`.`,
    );
  if (JSON.stringify(halfToPlain(listed)) === JSON.stringify(halfToPlain(own))) return;
  throw new ConfigError(
    'ERR_KEY_NOT_LISTED',
    `The list of peers has other keys for ${name} than its key file. Give everybody the list made of ${name}.pub.yaml as it is now.`,
  );
}

function refuseSharedKeys(halves: readonly PublicHalf[], where: string): void {
  for (const kind of ['broker', 'sign', 'seal'] as const) {
    const owners = new Map<string, Party>();
    for (const half of halves) {
      const owner = owners.get(half[kind]);
      if (owner !== undefined)
        throw notWhole(
          where,
          `${partyName(owner)} and ${partyName(half.party)} have the same \`${kind}\` key`,
        );
      owners.set(half[kind], half.party);
    }
  }
}

function notWhole(where: string, why: string): DataError {
  return new DataError(
    'ERR_PEERS',
    `${where}: ${why}. A list of peers has each party's public half once; make it of all *.pub.yaml with \`bloom-split peers\`.`,
  );
}
