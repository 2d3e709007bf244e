import { expect } from 'chai';
import { placementRows } from '../../../src/report/placement.js';
import { alignColumns } from '../../../src/report/table.js';

describe('placementRows', () => {
  it('says where the tail is, and every thread with its clients', () => {
    const run = { threadDevices: ['gpu:0', 'gpu:1'], tailDevice: 'gpu:1', numClients: 3 };
    expect(placementRows(run)).to.deep.equal([
      ['server', 'gpu:1: tail'],
      ['thread 0', 'gpu:0: heads of clients 0, 2'],
      ['thread 1', 'gpu:1: head of client 1'],
    ]);
  });

  it('counts what it does not show', () => {
    const run = { threadDevices: Array<string>(4).fill('cpu'), tailDevice: 'cpu', numClients: 40 };
    expect(placementRows(run, 1)).to.deep.equal([
      ['server', 'cpu: tail'],
      ['thread 0', 'cpu: heads of clients 0, 4, 8, 12, 16, 20, 24, 28 and 2 more'],
      ['threads', '3 more'],
    ]);
  });
});

describe('alignColumns', () => {
  it('puts columns under each other, and nothing at the end of a line', () => {
    expect(alignColumns([['a', 'bbb', 'c'], ['dd', '', 'e'], ['f', 'g', ''], ['h']])).to.deep.equal([
      'a   bbb  c',
      'dd       e',
      'f   g',
      'h',
    ]);
  });

  it('takes no rows', () => {
    expect(alignColumns([])).to.deep.equal([]);
  });
});
