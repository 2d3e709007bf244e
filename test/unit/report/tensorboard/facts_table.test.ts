import { expect } from 'chai';
import { factsTable } from '../../../../src/report/tensorboard/facts_table.js';
import { runInfo } from '../../../support/link_reports.js';

describe('factsTable', () => {
  it('has a row a fact, and none for a fact that there is not', () => {
    const table = factsTable({ ...runInfo, whyEngine: undefined, model: 'a|b' }).split('\n');
    expect(table.slice(0, 2)).to.deep.equal(['| fact | value |', '| --- | --- |']);
    expect(table).to.have.length(2 + Object.keys(runInfo).length - 1);
    expect(table).to.include('| model | a\\|b |').and.to.include('| seed | 17 |');
    expect(table.join()).not.to.include('whyEngine');
  });
});
