import { expect } from 'chai';
import { saidIn, secretsOf } from '../../../../src/report/wandb/secrets.js';

const KEY = 'Secret/Key+0123456789=abcdef';
const secrets = secretsOf(KEY);
const said = (message: unknown) => saidIn(JSON.stringify({ error: message }), secrets);

describe('what a server says of an error', () => {
  it('is shown in all the forms it has', () => {
    const forms = [
      '{"error":"no such project"}',
      '{"message":"no such project"}',
      '{"errors":[{"message":"no such project"}]}',
    ];
    for (const form of forms) expect(saidIn(form, secrets)).to.equal(' (it says: "no such project")');
  });

  it('is left out where it is no text', () => {
    for (const text of [
      '',
      '<html>',
      'null',
      '3',
      '[]',
      '{}',
      '{"error":{"a":1}}',
      '{"errors":"x"}',
      '{"errors":[null]}',
    ])
      expect(saidIn(text, secrets), text).to.equal('');
  });

  it('is left out where it repeats the key, in any form that the key was sent in', () => {
    const basic = Buffer.from(`api:${KEY}`).toString('base64');
    for (const form of [
      KEY,
      KEY.toUpperCase(),
      encodeURIComponent(KEY),
      basic,
      `Basic ${basic.slice(0, -2)}`,
      btoa(KEY),
    ])
      expect(said(`bad: ${form}.`), form).to.equal('');
    expect(saidIn(`{"error":"bad","detail":"${KEY}"}`, secrets)).to.equal('');
    expect(saidIn(`{"error":"bad: ${KEY.replace('S', '\\u0053')}"}`, secrets)).to.equal('');
  });

  it('is left out where it repeats a piece of the key', () => {
    expect(said(`begins with ${KEY.slice(0, 8)}`)).to.equal('');
    expect(said(`begins with ${KEY.slice(0, 4)}`)).not.to.equal('');
    expect(saidIn('{"error":"not a short key"}', secretsOf('short'))).to.equal('');
  });

  it('is one short line', () => {
    expect(said('a\nb\u001b[31mc\r\n\td\u2028e')).to.equal(' (it says: "a b [31mc d\u2028e")');
    expect(said('x'.repeat(9999))).to.equal(` (it says: "${'x'.repeat(200)}")`);
  });
});
