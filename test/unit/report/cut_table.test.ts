import { expect } from 'chai';
import { cutTable, formatSeconds, type CutRow } from '../../../src/report/cut_table.js';

const row: CutRow = {
  name: 'pool1',
  isRecommended: true,
  isAsked: false,
  numClientParameters: 156,
  clientFlop: 1_234_567,
  serverFlop: 2000,
  sendsRows: false,
  upBytes: 4708,
  downBytes: 4704,
  handOverBytes: 1248,
  clientMemoryBytes: 1_600_000,
  epochSeconds: [5.54, 54.6, 3675],
  measured: undefined,
};

describe('cutTable', () => {
  it('has a line a cut, with marks for the recommended one and the one asked for', () => {
    const lines = cutTable([row, { ...row, name: 'pool2', isRecommended: false, isAsked: true }]);
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(cells).to.deep.equal([
      [
        'cut after',
        'parameters',
        'client MFLOP',
        'server MFLOP',
        'bytes up',
        'bytes down',
        'hand-over',
        'client memory',
        'epoch, 1 Gbit/s',
        'epoch, 100 Mbit/s',
        'epoch, 4G',
      ],
      [
        '*',
        'pool1',
        '156',
        '1.235',
        '0.002',
        '4708',
        '4704',
        '1.2 kB',
        '1.6 MB',
        '5.5 s',
        '54.6 s',
        '1 h 1 min',
      ],
      [
        '> pool2',
        '156',
        '1.235',
        '0.002',
        '4708',
        '4704',
        '1.2 kB',
        '1.6 MB',
        '5.5 s',
        '54.6 s',
        '1 h 1 min',
      ],
    ]);
  });

  it('adds what was measured', () => {
    const measured = {
      clientForwardMs: 1,
      clientBackwardMs: 2.345,
      serverForwardMs: 0.5,
      serverBackwardMs: 4,
    };
    const [header, line] = cutTable([{ ...row, measured }]);
    expect(header).to.match(/client ms +server ms$/);
    expect(line).to.match(/ 1\.00 \+ 2\.35 {2}0\.50 \+ 4\.00$/);
  });
});

describe('formatSeconds', () => {
  for (const [seconds, want] of [
    [0.04, '0.0 s'],
    [59.9, '59.9 s'],
    [65.4, '1 min 5 s'],
    [119.7, '2 min 0 s'],
    [3599.6, '1 h 0 min'],
    [12_000, '3 h 20 min'],
  ] as const)
    it(want, () => expect(formatSeconds(seconds)).to.equal(want));
});
