import { expect } from 'chai';
import { DataError, ProtocolError, toPlainError } from '../../../../src/core/errors.js';
import { valueOf } from '../../../../src/link/nats/outcome.js';
import { thrown } from '../../../support/link_errors.js';

describe('a reply over NATS', () => {
  it('is a value, or none, or an error', () => {
    expect(valueOf({ value: [1] })).to.deep.equal([1]);
    expect(valueOf({})).to.equal(undefined);
    const error = new DataError('ERR_TRUNCATED', 'It ends early.', { row: 1 });
    const again = thrown(() => valueOf({ error: toPlainError(error) }), DataError, 'ERR_TRUNCATED');
    expect(again.details).to.deep.equal({ row: 1 });
  });

  it('is refused where it is neither', () => {
    const whole = toPlainError(new Error('x'));
    const strange = [null, 3, 'x', [], { error: null }, { error: [] }, { error: { ...whole, code: 3 } }];
    for (const reply of [...strange, { error: { ...whole, details: null } }])
      thrown(() => valueOf(reply), ProtocolError, 'ERR_MESSAGE');
  });
});
