import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

/** RFC 8032 (signatures) and RFC 7748 (key agreement). */
export type Curve = 'ed25519' | 'x25519';

/** A private key as text: PKCS #8, as base64. */
export function privateText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

/** A public key as text: SubjectPublicKeyInfo, as base64. */
export function publicText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Undefined for anything but `privateText` of a key on that curve. */
export function readPrivate(text: unknown, curve: Curve): KeyObject | undefined {
  return readKey(text, curve, privateText, (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

/** Undefined for anything but `publicText` of a key on that curve. */
export function readPublic(text: unknown, curve: Curve): KeyObject | undefined {
  return readKey(text, curve, publicText, (key) => createPublicKey({ key, format: 'der', type: 'spki' }));
}

/** False for the few X25519 keys with which every secret would be zero (RFC 7748, section 6.1): OpenSSL refuses them. */
export function canAgree(publicKey: KeyObject): boolean {
  try {
    diffieHellman({ privateKey: generateKeyPairSync('x25519').privateKey, publicKey });
    return true;
  } catch {
    return false;
  }
}

/** A key has one text only, so that two texts are two keys. */
function readKey(
  text: unknown,
  curve: Curve,
  write: (key: KeyObject) => string,
  read: (der: Buffer) => KeyObject,
): KeyObject | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const key = read(Buffer.from(text, 'base64'));
    return key.asymmetricKeyType === curve && write(key) === text ? key : undefined;
  } catch {
    // What OpenSSL says of the bytes helps nobody, and they may be a secret.
    return undefined;
  }
}

/** The public nkey of a NATS user's seed; undefined where it is none. */
export function userOfSeed(seed: unknown): string | undefined {
  return readNkey(seed, 'SU', (bytes) => nkeys.fromSeed(bytes).getPublicKey());
}

/** Whether this is the public nkey of a NATS user. */
export function isUser(user: unknown): user is string {
  return readNkey(user, 'U', () => nkeys.fromPublic(user as string).getPublicKey()) === user;
}

function readNkey(text: unknown, prefix: string, read: (bytes: Uint8Array) => string): string | undefined {
  if (typeof text !== 'string' || !new RegExp(`^${prefix}[A-Z2-7]{54,56}$`).test(text)) return undefined;
  try {
    return read(Buffer.from(text));
  } catch {
    return undefined;
  }
}
