import { expect } from 'chai';
import { recommendCut, type Candidate } from '../../../src/planner/recommend.js';

const candidate = (clientFlop: number, upBytes: number, sendsRows = false): Candidate => ({
  clientFlop,
  serverFlop: 100 - clientFlop,
  sendsRows,
  upBytes,
  downBytes: 0,
});

describe('recommendCut', () => {
  it('fewest bytes of those that leave the client half of the work', () => {
    const { index, reason } = recommendCut([candidate(10, 50), candidate(50, 20), candidate(51, 1)]);
    expect(index).to.equal(1);
    expect(reason).to.match(/^fewest bytes .* at most half of the work$/);
  });

  it('bytes down count as much as bytes up', () => {
    const down = { ...candidate(10, 0), downBytes: 30 };
    expect(recommendCut([down, candidate(20, 29)]).index).to.equal(1);
  });

  it('of as few bytes the least work for the client', () => {
    expect(recommendCut([candidate(30, 20), candidate(20, 20), candidate(25, 20)]).index).to.equal(1);
  });

  it('never one that sends the rows in another form, where there is another', () => {
    expect(recommendCut([candidate(0, 1, true), candidate(40, 90)]).index).to.equal(1);
  });

  it('where none leaves the client so little: the least work', () => {
    const { index, reason } = recommendCut([candidate(0, 1, true), candidate(80, 9), candidate(70, 90)]);
    expect(index).to.equal(2);
    expect(reason).to.match(/^least work for the client/);
  });

  it('where all send the rows in another form it says so', () => {
    const { index, reason } = recommendCut([candidate(0, 9, true), candidate(10, 1, true)]);
    expect(index).to.equal(1);
    expect(reason).to.include('every one of which sends a linear function of the rows');
  });
});
