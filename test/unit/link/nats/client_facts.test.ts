import { expect } from 'chai';
import { ProtocolError } from '../../../../src/core/errors.js';
import { checkedFacts, type ClientFacts } from '../../../../src/link/nats/client_facts.js';

const facts: ClientFacts = {
  name: 'mnist',
  shape: { picture: [1, 28, 28], numClasses: 2 },
  classNames: ['0', '1'],
  background: 0,
  isVerified: true,
  numTrainRows: 60,
  numTestRows: 10,
  shardSize: 20,
  numLeftOut: 0,
  whyLeftOut: '',
  untestedClasses: [],
  numForgettingRows: 5,
  dataSha256: 'ab'.repeat(32),
};

describe('checkedFacts', () => {
  it('passes what a client can tell', () => {
    expect(checkedFacts({ ...facts }, 3)).to.deep.equal(facts);
  });

  const wrong: readonly (readonly [keyof ClientFacts, unknown])[] = [
    ['shardSize', 1e300],
    ['shardSize', -1],
    ['shardSize', NaN],
    ['numTestRows', '10'],
    ['background', 256],
    ['isVerified', 'yes'],
    ['shape', { picture: [1, 28], numClasses: 2 }],
    ['shape', { picture: [1, 28, 0], numClasses: 2 }],
    ['shape', null],
    ['classNames', [1]],
    ['classNames', new Array(1)],
    ['dataSha256', 'short'],
    ['whyLeftOut', 'x'.repeat(10_001)],
  ];
  for (const [name, value] of wrong) {
    it(`refuses ${name} ${JSON.stringify(value).slice(0, 40)}, and says whose it is`, () => {
      expect(() => checkedFacts({ ...facts, [name]: value }, 3))
        .to.throw(ProtocolError, `Client 3 told of its rows what cannot be: its ${name}`)
        .with.property('details')
        .that.deep.equals({ client: 3, name });
    });
  }

  it('refuses what is no object', () => {
    for (const told of [null, undefined, 7, 'facts', []])
      expect(() => checkedFacts(told, 0)).to.throw(ProtocolError);
  });
});
