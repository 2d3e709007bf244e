import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';
import {
  canAgree,
  isUser,
  privateText,
  publicText,
  readPrivate,
  readPublic,
  userOfSeed,
} from './key_text.js';
import { notKeys, textsOf, toKeyYaml, type KeyYaml } from './key_yaml.js';

/** Who takes part: the server, or a client by its number. */
export type Party = 'server' | number;

/** What a party keeps to itself. Opaque objects, so that no message, log or JSON shows a secret. */
export interface PartyKeys {
  readonly party: Party;
  /** The text of a NATS user's seed, by which the broker knows the party: `export()` gives its bytes. */
  readonly broker: KeyObject;
  /** Ed25519, private. */
  readonly sign: KeyObject;
  /** X25519, private. */
  readonly seal: KeyObject;
}

/** What a party tells the others: plain texts. */
export interface PublicHalf {
  readonly party: Party;
  /** The public nkey of a NATS user. */
  readonly broker: string;
  /** Ed25519, SubjectPublicKeyInfo in base64. */
  readonly sign: string;
  /** X25519, the same. */
  readonly seal: string;
}

const fields = ['party', 'broker', 'sign', 'seal'] as const;

/** New keys, from the system's random source. */
export function makePartyKeys(party: Party): PartyKeys {
  return {
    party,
    broker: createSecretKey(nkeys.createUser().getSeed()),
    sign: generateKeyPairSync('ed25519').privateKey,
    seal: generateKeyPairSync('x25519').privateKey,
  };
}

/** The half of them that everybody may know. */
export function publicHalf({ party, broker, sign, seal }: PartyKeys): PublicHalf {
  return {
    party,
    broker: nkeys.fromSeed(broker.export()).getPublicKey(),
    sign: publicText(createPublicKey(sign)),
    seal: publicText(createPublicKey(seal)),
  };
}

/** As files and lists name it. */
export function partyName(party: Party): string {
  return party === 'server' ? party : `client-${party}`;
}

/** The content of a party's key file: secrets. */
export function keysToYaml({ party, broker, sign, seal }: PartyKeys): string {
  const name = partyName(party);
  return toKeyYaml(
    `PRIVATE keys of ${name}: whoever has them is ${name}. They stay on its machine; give away ${name}.pub.yaml instead.`,
    { party: name, broker: broker.export().toString(), sign: privateText(sign), seal: privateText(seal) },
  );
}

/** What `keysToYaml` wrote. Throws DataError. */
export function keysFromYaml(yaml: KeyYaml): PartyKeys {
  const texts = textsOf(yaml, fields);
  const party = partyOf(yaml, texts.party);
  if (userOfSeed(texts.broker) === undefined)
    throw notKeys(yaml.path, '`broker` is not the seed (SU...) of a NATS user');
  const sign = readPrivate(texts.sign, 'ed25519');
  if (!sign) throw notKeys(yaml.path, '`sign` is not a private Ed25519 key');
  const seal = readPrivate(texts.seal, 'x25519');
  if (!seal) throw notKeys(yaml.path, '`seal` is not a private X25519 key');
  return { party, broker: createSecretKey(Buffer.from(texts.broker)), sign, seal };
}

/** A public half as plain data, as it stands in files. */
export function halfToPlain({ party, broker, sign, seal }: PublicHalf): Readonly<Record<string, string>> {
  return { party: partyName(party), broker, sign, seal };
}

/** What `halfToPlain` made. Throws DataError. */
export function halfFromPlain(yaml: KeyYaml): PublicHalf {
  const texts = textsOf(yaml, fields);
  const party = partyOf(yaml, texts.party);
  const { broker, sign, seal } = texts;
  const wrong = (field: string, what: string) =>
    notKeys(yaml.path, `\`${field}\` of ${partyName(party)} is not ${what}`);
  if (userOfSeed(broker) !== undefined)
    throw notKeys(
      yaml.path,
      `it holds the private keys of ${partyName(party)}, which nobody else should see`,
    );
  if (!isUser(broker)) throw wrong('broker', 'the public nkey (U...) of a NATS user');
  if (!readPublic(sign, 'ed25519')) throw wrong('sign', 'a public Ed25519 key');
  const sealKey = readPublic(seal, 'x25519');
  if (!sealKey || !canAgree(sealKey)) throw wrong('seal', 'a public X25519 key');
  return { party, broker, sign, seal };
}

function partyOf({ path }: KeyYaml, name: string): Party {
  if (name === 'server') return name;
  const number = /^client-(0|[1-9]\d{0,4})$/.exec(name)?.[1];
  if (number !== undefined) return Number(number);
  throw notKeys(path, '`party` is neither "server" nor "client-" and a number');
}
