import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';
import { publicText } from './key_text.js';

/** Who takes part: the server, or a client by its number. */
export type Party = 'server' | number;

/** What a party keeps to itself. Opaque objects, so that no message, log or JSON shows a secret. */
export interface PartyKeys {
  readonly party: Party;
  /** The text of a NATS user's seed, with which the broker knows the party: `export()` gives its bytes. */
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

/** As files and YAML name it. */
export function partyName(party: Party): string {
  return party === 'server' ? party : `client-${party}`;
}
