import { expect } from 'chai';
import { splitTableOf } from '../../../src/report/split_table.js';

/** U+2581 to U+2588, and the last of them so many times. */
const block = (eighths: number) => String.fromCodePoint(0x2580 + eighths);
const bar = (length: number) => block(8).repeat(length);

const linesOf = (...args: Parameters<typeof splitTableOf>) => splitTableOf(...args).split('\n');

describe('splitTableOf', () => {
  it('has a table of numbers with sums, and a picture', () => {
    const classCounts = [
      [100, 0, 7],
      [0, 800, 93],
    ];
    const lines = linesOf({ classCounts, classNames: ['0', '1', '2'], numLeftOut: 0, whyLeftOut: '' });
    // Blocks: 100 of 800 is one eighth, 7 are more than none, 93 not quite one eighth. Bars: 107 of 893 rows of 24 blocks are 2.9.
    expect(lines).to.deep.equal([
      'client  rows  classes    0    1    2',
      '     0   107        2  100    0    7',
      '     1   893        2    0  800   93',
      '   all  1000        3  100  800  100',
      '',
      `A block a class, from . (no row) to ${block(8)} (800 rows); a bar for all rows of a client.`,
      'client  rows  classes  012',
      `     0   107        2  ${block(1)}.${block(1)}  ${bar(3)}`,
      `     1   893        2  .${block(8)}${block(1)}  ${bar(24)}`,
      '',
      'rows a client: 107 to 893, median 107; classes a client: 2 to 2, median 2',
      'rows left out: 0',
      '',
    ]);
  });

  it('says what is left out and why, and which class is which', () => {
    const dealt = {
      classCounts: [[2, 0]],
      classNames: ['cat', 'dog'],
      numLeftOut: 5,
      whyLeftOut: 'no dogs here',
    };
    const lines = linesOf(dealt);
    expect(lines).to.include('client  rows  classes  01');
    expect(linesOf({ ...dealt, classNames: ['a', 'b'] })).to.include('client  rows  classes  ab');
    expect(lines).to.include('classes: 0 cat, 1 dog').and.to.include('rows left out: 5 (no dogs here)');
  });

  it('grows in eighths, rounded up', () => {
    const counts = [1, 2, 3, 4, 5, 6, 7, 8];
    const picture = linesOf({
      classCounts: [[...counts, 0]],
      classNames: [...counts, 0].map(String),
      numLeftOut: 0,
      whyLeftOut: '',
    }).find((line) => line.includes(block(5)));
    expect(picture).to.include(`  ${counts.map(block).join('')}.  `);
  });

  it('above 12 classes, is the picture alone', () => {
    const names = (length: number) => Array.from({ length }, (_, label) => String(label));
    const text = (numClasses: number) =>
      splitTableOf({
        classCounts: [Array<number>(numClasses).fill(3)],
        classNames: names(numClasses),
        numLeftOut: 0,
        whyLeftOut: '',
      });
    expect(text(12)).to.match(/^client {2}rows {2}classes {2}0 .* 11$/m);
    expect(text(13))
      .to.match(/^A block a class/)
      .and.to.match(new RegExp(`^ {5}0 {4}39 {7}13 {2}${bar(13)} {2}${bar(24)}$`, 'm'));
    expect(text(13)).to.match(/^client {2}rows {2}classes {2}0123456789012$/m);
  });

  it('above 40 clients, shows 40 of them, from the most to the fewest rows', () => {
    const text = (numClients: number) =>
      splitTableOf({
        classCounts: Array.from({ length: numClients }, (_, client) => [client + 1]),
        classNames: ['0'],
        numLeftOut: 0,
        whyLeftOut: '',
      });
    const clients = (numClients: number) =>
      [...text(numClients).matchAll(/^ *(\d+) +\d+ +1 {2}[^ \d]/gm)].map(([, client]) => Number(client));
    expect(clients(40)).to.deep.equal([...Array(40).keys()]);
    expect(text(40)).not.to.include('are shown');
    // Of 79 clients every second one, from the last, which has most.
    expect(clients(79)).to.deep.equal(Array.from({ length: 40 }, (_, at) => 78 - 2 * at));
    expect(text(79)).to.include(
      '40 of 79 clients are shown, by number of rows.\nrows a client: 1 to 79, median 40;',
    );
  });

  it('holds nothing but ASCII and block characters', () => {
    const text = splitTableOf({
      classCounts: [
        [1, 2],
        [3, 0],
      ],
      classNames: ['0', '1'],
      numLeftOut: 1,
      whyLeftOut: 'x',
    });
    expect(text).to.match(/^[\n -~\u2581-\u2588]+$/);
  });
});
