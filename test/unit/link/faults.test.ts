import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../src/core/errors.js';
import { parseFaults } from '../../../src/link/faults.js';
import { thrown } from '../../support/link_errors.js';

describe('parseFaults', () => {
  it('reads every kind of fault, and several', () => {
    expect(parseFaults('kill=client2@step100, hang=client0@step0,nan=client10@step7')).to.deep.equal([
      { kind: 'kill', client: 2, step: 100 },
      { kind: 'hang', client: 0, step: 0 },
      { kind: 'nan', client: 10, step: 7 },
    ]);
    expect(parseFaults('slow=client1:200ms,corrupt=handover3')).to.deep.equal([
      { kind: 'slow', client: 1, delayMs: 200 },
      { kind: 'corrupt', handOver: 3 },
    ]);
    for (const nothing of ['', ' ', ',', ' , ']) expect(parseFaults(nothing)).to.deep.equal([]);
  });

  for (const text of [
    'kill',
    'kill=client2',
    'kill=client2@100',
    'kill=client-1@step1',
    'kill=client1@step1.5',
    'slow=client1',
    'slow=client1:200',
    'slow=client1@step2',
    'corrupt=handover0',
    'corrupt=client1@step2',
    'explode=client1@step2',
    'kill=client1@step1 hang=client1@step2',
    '__proto__=client1@step1',
  ]) {
    it(`refuses "${text}", and shows how faults are written`, () => {
      const error = thrown(() => parseFaults(`kill=client0@step0,${text}`), ConfigError, 'ERR_CONFIG_VALUE');
      expect(error.message).to.include(`\`chaos\` has "${text}"`);
      expect(error.message).to.include('kill=client2@step100');
    });
  }

  it('reads or refuses any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('kil=client@step10,:ms')) })),
        (text) => {
          try {
            expect(parseFaults(text)).to.be.an('array');
          } catch (error) {
            expect(error).to.be.instanceOf(ConfigError);
          }
        },
      ),
    );
  });
});
