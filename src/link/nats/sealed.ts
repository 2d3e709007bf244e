import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { messageOf, ProtocolError } from '../../core/errors.js';
import { publicText, readPublic, type Curve } from './key_text.js';
import { CONTEXT_BYTES, encodeContext, mismatchOf, type ParcelContext } from './parcel_context.js';
import type { PartyKeys } from './party_keys.js';
import type { Peers } from './peers.js';

/** What a receiver knows of a parcel before it is opened: every part that is given must be the parcel's. */
export type ExpectedParcel = Pick<ParcelContext, 'run' | 'from' | 'to'> & Partial<ParcelContext>;

/** Who seals or opens, and whom it knows. */
export interface Correspondence {
  readonly keys: PartyKeys;
  readonly peers: Peers;
}

const VERSION = 1;
/** SubjectPublicKeyInfo of X25519 (RFC 8410). */
const EPHEMERAL_BYTES = 44;
const EPHEMERAL_AT = 1 + CONTEXT_BYTES;
const HEADER_BYTES = EPHEMERAL_AT + EPHEMERAL_BYTES;
const TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** How much longer a parcel is than what is in it. */
export const SEAL_BYTES = HEADER_BYTES + TAG_BYTES + SIGNATURE_BYTES;

/**
 * Encrypts bytes to the client `context.to` and signs them: X25519 with a key that is used once, HKDF-SHA-256 (RFC 5869), AES-256-GCM;
 * Ed25519 over all. A sealed parcel is version, context, that key, ciphertext, tag, signature. Throws ProtocolError where it
 * cannot be sealed.
 */
export function sealParcel(
  bytes: Uint8Array,
  { keys, peers }: Correspondence,
  context: ParcelContext,
): Uint8Array<ArrayBuffer> {
  const receiver = publicKeyOf(peers, context, 'to', 'x25519');
  const once = generateKeyPairSync('x25519');
  const parcel = new Uint8Array(bytes.byteLength + SEAL_BYTES);
  const { header, ciphertext, tag, signed, signature } = partsOf(parcel);
  parcel[0] = VERSION;
  parcel.set(contextBytes(peers, context), 1);
  parcel.set(once.publicKey.export({ type: 'spki', format: 'der' }), EPHEMERAL_AT);
  const shared = diffieHellman({ privateKey: once.privateKey, publicKey: receiver });
  const cipher = createCipheriv('aes-256-gcm', ...keyAndNonce(shared, header, receiver)).setAAD(header);
  ciphertext.set(cipher.update(bytes));
  cipher.final();
  tag.set(cipher.getAuthTag());
  signature.set(sign(null, signed, keys.sign));
  return parcel;
}

/**
 * What is in a parcel of the client `expected.from`, in a buffer of its own. Throws ProtocolError where it was altered, cut short, signed
 * by somebody else, sealed for somebody else, or for another moment than the expected one.
 */
export function openParcel(
  parcel: Uint8Array,
  { keys, peers }: Correspondence,
  expected: ExpectedParcel,
): Uint8Array<ArrayBuffer> {
  if (parcel.byteLength < SEAL_BYTES)
    throw refused(expected, `it has ${parcel.byteLength} bytes, fewer than any parcel`);
  if (parcel[0] !== VERSION)
    throw refused(
      expected,
      `it is of version ${parcel[0]} instead of ${VERSION}: all must use the same bloom-split`,
    );
  const { header, ciphertext, tag, signed, signature } = partsOf(parcel);
  if (!verify(null, signed, publicKeyOf(peers, expected, 'from', 'ed25519'), signature))
    throw refused(
      expected,
      `client ${expected.from} did not sign it as it is: it was altered, cut short or forged`,
    );
  const mismatch = mismatchOf(parcel.subarray(1, EPHEMERAL_AT), ofPeers(peers, expected));
  if (mismatch !== undefined) throw refused(expected, mismatch);
  try {
    const ephemeral = createPublicKey({
      key: Buffer.from(header.subarray(EPHEMERAL_AT)),
      format: 'der',
      type: 'spki',
    });
    const shared = diffieHellman({ privateKey: keys.seal, publicKey: ephemeral });
    const [key, nonce] = keyAndNonce(shared, header, createPublicKey(keys.seal));
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(header).setAuthTag(tag);
    const bytes = new Uint8Array(ciphertext.byteLength);
    bytes.set(decipher.update(ciphertext));
    decipher.final();
    return bytes;
  } catch (error) {
    throw refused(expected, 'it is not sealed for the key of this client', error);
  }
}

/** Views of a parcel's parts. */
function partsOf(parcel: Uint8Array) {
  const tagAt = parcel.byteLength - SIGNATURE_BYTES - TAG_BYTES;
  const signatureAt = tagAt + TAG_BYTES;
  return {
    header: parcel.subarray(0, HEADER_BYTES),
    ciphertext: parcel.subarray(HEADER_BYTES, tagAt),
    tag: parcel.subarray(tagAt, signatureAt),
    signed: parcel.subarray(0, signatureAt),
    signature: parcel.subarray(signatureAt),
  };
}

/** The shared secret is of one parcel only, so the nonce may come from it too. Header and receiver make the key good for nothing else. */
function keyAndNonce(shared: Buffer, header: Uint8Array, receiver: KeyObject): [Uint8Array, Uint8Array] {
  const info = `bloom-split parcel ${VERSION} ${publicText(receiver)}`;
  const bytes = new Uint8Array(hkdfSync('sha256', shared, header, info, KEY_BYTES + NONCE_BYTES));
  return [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)];
}

function contextBytes(peers: Peers, context: ParcelContext): Uint8Array {
  try {
    return encodeContext(ofPeers(peers, context));
  } catch (error) {
    throw refused(context, messageOf(error), error);
  }
}

function publicKeyOf(peers: Peers, ends: Ends, end: keyof Ends, curve: Curve): KeyObject {
  const peer = peers.clients.find(({ party }) => party === ends[end]);
  const key = readPublic(curve === 'x25519' ? peer?.seal : peer?.sign, curve);
  if (key) return key;
  throw refused(ends, `client ${ends[end]} is not on the list of peers`);
}

/** A run is one among peers. */
function ofPeers<T extends { readonly run: string }>({ fingerprint }: Peers, context: T): T {
  return { ...context, run: `${fingerprint} ${context.run}` };
}

type Ends = Pick<ParcelContext, 'from' | 'to'>;

function refused({ from, to }: Ends, why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(
    'ERR_HAND_OVER',
    `Client ${to} refused what client ${from} sealed for it: ${why}. It was not applied.`,
    { from, to },
    { cause },
  );
}
