import { expect } from 'chai';
import { Visit, type Batch } from '../../../src/client/visit.js';
import { ProtocolError } from '../../../src/core/errors.js';
import { thrown } from '../../support/link_errors.js';

const at = (step: number, generation = 2) => ({ generation, step });
const batchOf = (label: number): Batch => ({
  x_BCHW: { shape: [1, 1, 1, 1], data: Float32Array.of(label) },
  labels_B: Int32Array.of(label),
});

describe('Visit', () => {
  /** Batches with labels 0, 1, ...; tells how many were gathered. */
  const open = (numBatches: number) => {
    const gathered: number[] = [];
    const batches = (function* () {
      for (let label = 0; label < numBatches; label++) {
        gathered.push(label);
        yield batchOf(label);
      }
    })();
    return { visit: new Visit(5, at(10), batches), gathered };
  };
  const labelOf = (batch: Batch | null) => batch?.labels_B[0];

  it('goes from batch to batch, by the steps that the server names', () => {
    const { visit } = open(3);
    expect(labelOf(visit.due(at(10)))).to.equal(0);
    expect(labelOf(visit.goOn(14))).to.equal(1);
    expect(labelOf(visit.due(at(14)))).to.equal(1);
    expect(labelOf(visit.goOn(17))).to.equal(2);
    expect(labelOf(visit.due(at(17)))).to.equal(2);
    expect(visit.goOn(null)).to.equal(null);
  });

  it('gathers a batch when it is asked for, or one ahead when there is time', () => {
    const { visit, gathered } = open(3);
    expect(gathered).to.deep.equal([0]);
    visit.gatherAhead();
    visit.gatherAhead();
    expect(gathered).to.deep.equal([0, 1]);
    expect(labelOf(visit.due(at(10))), 'the batch that is due').to.equal(0);
    expect(labelOf(visit.goOn(11))).to.equal(1);
    expect(labelOf(visit.goOn(12))).to.equal(2);
    visit.gatherAhead();
    expect(visit.goOn(null)).to.equal(null);
  });

  it('refuses work of another step or generation, and work after its end', () => {
    const { visit } = open(1);
    const refused = (position: ReturnType<typeof at>) =>
      thrown(() => visit.due(position), ProtocolError, 'ERR_NOT_DUE');
    expect(refused(at(11)).message).to.equal('Client 5 was sent work of step 11, which is not due.');
    expect(refused(at(10, 1)).details).to.deep.equal({ client: 5 });
    visit.goOn(null);
    refused(at(10));
  });

  it('refuses to go on after its last batch, or to end before', () => {
    const over = thrown(() => open(1).visit.goOn(11), ProtocolError, 'ERR_NOT_DUE');
    expect(over.message).to.include('step 11 after its last batch');
    const early = thrown(() => open(2).visit.goOn(null), ProtocolError, 'ERR_NOT_DUE');
    expect(early.message).to.include('an early end');
  });

  it('is refused without a batch', () => {
    const error = thrown(() => open(0), ProtocolError, 'ERR_NOT_DUE');
    expect(error.message).to.include('a visit without a batch');
  });
});
