import { expect } from 'chai';
import fc from 'fast-check';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import { openJson, type JsonCursor } from '../../../../src/data/femnist/json_cursor.js';
import { withFolder } from './sources.js';

async function reading<T>(text: string | Uint8Array, read: (json: JsonCursor) => T): Promise<T> {
  return withFolder({ 'file.json': text }, async (folder) => {
    const file = openSync(join(folder, 'file.json'), 'r');
    try {
      return await Promise.resolve(read(openJson(file, 'dir/file.json')));
    } finally {
      closeSync(file);
    }
  });
}

async function failureOf(text: string | Uint8Array, read: (json: JsonCursor) => unknown): Promise<string> {
  return reading(text, (json) => {
    try {
      read(json);
    } catch (error) {
      expect(error).to.be.instanceOf(DataError);
      expect(error).to.deep.include({ code: 'ERR_DATA', details: { path: 'dir/file.json' } });
      return (error as DataError).message;
    }
    return expect.fail('it was accepted');
  });
}

const all = (json: JsonCursor, read: () => unknown) => {
  const values: unknown[] = [];
  for (const position of json.elements()) values[position] = read();
  return values;
};

describe('openJson', () => {
  it('reads the numbers that JSON.parse reads', async () => {
    const digits = fc.stringMatching(/^[0-9]{1,20}$/);
    const text = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.nat(255).map((byte) => String(byte / 255)),
      fc.tuple(fc.constantFrom('0.', '1.', '7.', '-0.', '10.'), digits).map((parts) => parts.join('')),
      fc
        .tuple(fc.nat(9), digits, fc.constantFrom('e1', 'E-7', 'e+0'))
        .map(([first, ...rest]) => `${first}.${rest.join('')}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (texts) => {
        const file = `[${texts.join(' ,\n')}]`;
        const numbers = (await reading(file, (json) => all(json, json.number))) as number[];
        const expected = JSON.parse(file) as number[];
        expect(numbers).to.have.lengthOf(expected.length);
        // The quick way of plain decimals may be off in the last of 53 bits where they have more digits than that.
        numbers.forEach((value, at) =>
          expect(value).to.be.closeTo(expected[at], Math.abs(expected[at]) * 2 ** -50),
        );
      }),
      { numRuns: 300 },
    );
  });

  const noNumbers = [
    'NaN',
    '-Infinity',
    'Infinity',
    'null',
    '"1"',
    '.5',
    '1.',
    '01',
    '+1',
    '1e',
    '1.5.2',
    '--1',
    '1-1',
    '1.0e',
    '1'.repeat(65),
  ];
  for (const text of noNumbers) {
    it(`finds no number in ${text.slice(0, 20)}`, async () => {
      expect(await failureOf(`[${text}]`, (json) => all(json, json.number))).to.match(
        /expected a number, found .*, at byte 1\b/,
      );
    });
  }

  it('reads the texts that JSON.parse reads, also over the ends of what is in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.nat(30), async (texts, shift) => {
        // 256 kB are in memory at a time: the array begins just before.
        const file = ' '.repeat((1 << 18) - shift) + JSON.stringify(texts);
        expect(await reading(file, (json) => all(json, json.string))).to.deep.equal(texts);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses texts that are none', async () => {
    const string = (json: JsonCursor) => json.string();
    expect(await failureOf('"abc', string)).to.include('a text without an end');
    expect(await failureOf('"abc\\"', string)).to.include('a text without an end');
    expect(await failureOf(`"${'a'.repeat(1100)}"`, string)).to.include('of more than 1024 bytes');
    expect(await failureOf('"a\nb"', string)).to.include('a text that is none');
    expect(await failureOf('"\\x"', string)).to.include('a text that is none');
    expect(await failureOf(Buffer.from([0x22, 0xff, 0x22]), string)).to.include('a text that is none');
    expect(await failureOf('abc', string)).to.include('expected a text, found "abc", at byte 0');
    expect(await failureOf('', string)).to.include('expected a text, found the end of the file');
  });

  it('goes through objects and arrays, and tells where one is not well-formed', async () => {
    const pairs = (json: JsonCursor) => Array.from(json.members(), (name) => [name, json.number()]);
    expect(await reading(' {\t"a" : 1 ,\r\n"b":2 } ', pairs)).to.deep.equal([
      ['a', 1],
      ['b', 2],
    ]);
    expect(await reading('{}', pairs)).to.deep.equal([]);
    expect(await reading('[ ]', (json) => all(json, json.number))).to.deep.equal([]);
    expect(await failureOf('{"a":1', pairs)).to.include('expected }, found the end of the file, at byte 6');
    expect(await failureOf('{"a":1]', pairs)).to.include('expected }, found "]", at byte 6');
    expect(await failureOf('{"a" 1}', pairs)).to.include('expected :, found "1}", at byte 5');
    expect(await failureOf('{"a":1,}', pairs)).to.include('expected a text, found "}", at byte 7');
    expect(await failureOf('[0x10]', (json) => all(json, json.number))).to.include(
      'expected ], found "x10]"',
    );
    expect(await failureOf('[1,]', (json) => all(json, json.number))).to.include('expected a number');
    expect(await failureOf('[1 2]', (json) => all(json, json.number))).to.include(
      'expected ], found "2]", at byte 3',
    );
    expect(
      await failureOf('[] x', (json) => {
        all(json, json.number);
        json.expectEnd();
      }),
    ).to.include('expected the end of the file, found "x"');
  });

  it('counts bytes over the ends of what is in memory', async () => {
    const file = `[${'1.0, '.repeat(200_000)}2]`;
    const [values, numBytes] = await reading(
      file,
      (json) => [all(json, json.number), json.numBytes()] as const,
    );
    expect([values.length, values[199_999], values[200_000], numBytes]).to.deep.equal([
      200_001,
      1,
      2,
      file.length,
    ]);
  });
});
