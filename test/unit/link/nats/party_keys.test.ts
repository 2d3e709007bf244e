import { expect } from 'chai';
import { createPublicKey, sign, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { DataError } from '../../../../src/core/errors.js';
import { readPublic } from '../../../../src/link/nats/key_text.js';
import { parseKeyYaml } from '../../../../src/link/nats/key_yaml.js';
import {
  halfFromPlain,
  halfToPlain,
  keysFromYaml,
  keysToYaml,
  makePartyKeys,
  partyName,
  publicHalf,
} from '../../../../src/link/nats/party_keys.js';
import { thrown } from '../../../support/link_errors.js';

const keys = makePartyKeys(2);
const text = keysToYaml(keys);
/** The texts of the file by their names. */
const fields = Object.fromEntries(
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(': ')),
) as Record<string, string>;
const secrets = [fields.broker, fields.sign, fields.seal];

const read = (yaml: string) => keysFromYaml(parseKeyYaml(Buffer.from(yaml), 'my.key.yaml'));
const readHalf = (content: unknown) => halfFromPlain({ path: 'my.pub.yaml', content });

describe('keys of a party', () => {
  it('come back from their file as they were', () => {
    const again = read(text);
    expect(again.party).to.equal(2);
    for (const key of ['broker', 'sign', 'seal'] as const)
      expect(again[key].equals(keys[key])).to.equal(true);
    expect(read(keysToYaml(makePartyKeys('server'))).party).to.equal('server');
  });

  it('differ from all others', () => {
    const halves = [keys, makePartyKeys(2), makePartyKeys(2)].map(publicHalf);
    for (const key of ['broker', 'sign', 'seal'] as const)
      expect(new Set(halves.map((half) => half[key])).size).to.equal(3);
  });

  it('fit their public half', () => {
    const half = publicHalf(keys);
    const message = Buffer.from('bloom');
    expect(verify(null, message, readPublic(half.sign, 'ed25519')!, sign(null, message, keys.sign))).to.equal(
      true,
    );
    expect(readPublic(half.seal, 'x25519')!.equals(createPublicKey(keys.seal))).to.equal(true);
    expect(half.broker).to.match(/^U[A-Z2-7]{55}$/);
    expect(readHalf(halfToPlain(half))).to.deep.equal(half);
  });

  it('are secret: neither their public half, nor JSON, nor a log shows them', () => {
    const half = publicHalf(keys);
    const shown = [
      JSON.stringify(half),
      JSON.stringify(keys),
      inspect(keys, { depth: null, showHidden: true }),
    ];
    for (const secret of secrets) for (const each of shown) expect(each).not.to.include(secret);
  });

  it('are named as files and lists name them', () => {
    expect([partyName('server'), partyName(0), partyName(12)]).to.deep.equal([
      'server',
      'client-0',
      'client-12',
    ]);
  });
});

describe('a damaged key file', () => {
  const other = keysToYaml(makePartyKeys(3));
  const swapped = { ...fields, sign: fields.seal, seal: fields.sign };
  const yamlOf = (content: Record<string, unknown>) =>
    Object.entries(content)
      .map(([name, value]) => `${name}: ${String(value)}\n`)
      .join('');
  const without = (name: string) =>
    yamlOf(Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name)));
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    'that is empty': ['', /it should have the texts `party`, `broker`, `sign`, `seal`, and nothing else/],
    'that is no YAML': [`${text}more: [`, /it is not YAML/],
    'of two files': [text + other, /it is not YAML/],
    'without a key': [without('seal'), /it should have the texts/],
    'with one field more': [`${text}more: 1\n`, /it should have the texts/],
    'with a number for a key': [yamlOf({ ...fields, sign: 7 }), /it should have the texts/],
    'with keys in the wrong places': [yamlOf(swapped), /`sign` is not a private Ed25519 key/],
    'with a key cut short': [
      yamlOf({ ...fields, seal: fields.seal.slice(0, -4) }),
      /`seal` is not a private X25519 key/,
    ],
    'with a key that has more to it': [
      yamlOf({ ...fields, seal: `${fields.seal}AAAA` }),
      /`seal` is not a private/,
    ],
    'with a public key': [
      yamlOf({ ...fields, sign: publicHalf(keys).sign }),
      /`sign` is not a private Ed25519 key/,
    ],
    'with a mistyped seed': [
      yamlOf({
        ...fields,
        broker: fields.broker.replace(/(?<=^.{20})./, (one) => (one === 'A' ? 'B' : 'A')),
      }),
      /`broker` is not the seed \(SU\.\.\.\) of a NATS user/,
    ],
    'with the seed of a NATS account': [
      yamlOf({ ...fields, broker: 'SAANWFZ3JINNPERWT3ALE45U7GYT2ZDW6GJUIVPDKUF6GKAX6AISZJMAS4' }),
      /`broker` is not the seed/,
    ],
    'of nobody': [
      yamlOf({ ...fields, party: 'client-x' }),
      /`party` is neither "server" nor "client-" and a number/,
    ],
    'of a client with a leading zero': [yamlOf({ ...fields, party: 'client-02' }), /`party` is neither/],
    'with an alias': [yamlOf({ ...fields, party: '&a client-2', sign: '*a' }), /it is not YAML/],
  };
  for (const [what, [yaml, says]] of Object.entries(cases)) {
    it(`${what} is refused, and nothing of it is quoted`, () => {
      const { message, stack } = thrown(() => read(yaml), DataError, 'ERR_KEY_FILE');
      expect(message).to.match(says);
      expect(message).to.include('"my.key.yaml"');
      for (const secret of secrets) expect(`${message}${String(stack)}`).not.to.include(secret.slice(8, 40));
    });
  }
});

describe('a damaged public half', () => {
  const half = halfToPlain(publicHalf(keys));
  /** SubjectPublicKeyInfo of X25519 whose point is zero: of order 1, every secret made with it is zero (RFC 7748, section 6.1). */
  const zeroPoint = Buffer.concat([
    Buffer.from('302a300506032b656e032100', 'hex'),
    Buffer.alloc(32),
  ]).toString('base64');
  const cases: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
    'a private file instead': [fields, /it holds the private keys of client-2, which nobody else should see/],
    'an nkey that is none': [{ ...half, broker: 'UAAA' }, /`broker` of client-2 is not the public nkey/],
    'an nkey of an account': [
      { ...half, broker: half.broker.replace('U', 'A') },
      /`broker` of client-2 is not/,
    ],
    'keys in the wrong places': [
      { ...half, sign: half.seal, seal: half.sign },
      /`sign` of client-2 is not a public Ed25519 key/,
    ],
    'a sealing key that makes no secret': [
      { ...half, seal: zeroPoint },
      /`seal` of client-2 is not a public X25519 key/,
    ],
    'another way to write a key': [
      { ...half, sign: `${half.sign}\n` },
      /`sign` of client-2 is not a public Ed25519 key/,
    ],
    'a party that is none': [{ ...half, party: 'broker' }, /`party` is neither/],
    'one field more': [{ ...half, name: 'x' }, /it should have the texts/],
  };
  for (const [what, [content, says]] of Object.entries(cases)) {
    it(`${what} is refused`, () => {
      const { message } = thrown(() => readHalf(content), DataError, 'ERR_KEY_FILE');
      expect(message).to.match(says);
      for (const secret of secrets) expect(message).not.to.include(secret.slice(8, 40));
    });
  }
});
