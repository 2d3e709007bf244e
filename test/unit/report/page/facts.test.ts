import { expect } from 'chai';
import { headline, machine, whatRan } from '../../../../src/report/page/facts.js';
import { madeRun } from '../../../support/plots_run.js';

describe('facts of a run', () => {
  const run = madeRun({ numClients: 2, numClasses: 3, numRounds: 3, stepsPerVisit: 4 });

  it('say what came out', () => {
    expect(headline(run)).to.deep.equal([
      ['test accuracy', '0.9000'],
      ['weighted F1', '0.8900'],
      ['test loss', '0.1000'],
      ['wall time', '5.7 s'],
      ['samples/s trained', '1,234'],
    ]);
  });

  it('say what ran', () => {
    const facts = new Map(whatRan(run));
    expect(facts.get('clients')).to.equal('2 with 128 training rows each, split iid');
    expect(facts.get('model')).to.match(/^lenet, cut after pool2/);
    expect(facts.get('training')).to.equal(
      '3 epochs, 1 a visit; 3 rounds, 24 batches of 32 rows, 768 rows trained in all',
    );
    expect(facts.get('optimiser of the head')).to.equal('sgd, lr 0.01, momentum 0.9, weight decay 0.0005');
    expect(facts.get('optimiser of the tail')).to.equal(
      'adam, lr 0.001, beta1 0.9, beta2 0.999, weight decay 0.0005',
    );
    expect(facts.get('seed')).to.equal('17');
  });

  it('say how unequal clients are, and what shaped the split', () => {
    const clients = run.summary.clients.map((client, index) => ({ ...client, rows: index === 0 ? 7 : 1200 }));
    const options = [
      ...run.options,
      { name: 'dirichlet_alpha', value: '0.1', default: '0.5', isChanged: true },
    ];
    const summary = { ...run.summary, clients, data_split: 'dirichlet' };
    expect(new Map(whatRan({ ...run, summary, options })).get('clients')).to.equal(
      '2 with 7 to 1,200 training rows, split dirichlet (dirichlet_alpha 0.1)',
    );
    const alone = { ...run.summary, clients: [clients[1]] };
    expect(new Map(whatRan({ ...run, summary: alone })).get('clients')).to.equal(
      '1 with 1,200 training rows, split iid',
    );
  });

  it('say what it ran on', () => {
    const devices = { tail: 'gpu:1', threads: ['gpu:0', 'gpu:1', 'gpu:0'] };
    const facts = new Map(machine({ ...run, summary: { ...run.summary, devices } }));
    expect(facts.get('worker threads')).to.equal('3 on gpu:0, gpu:1');
    expect(facts.get('tail')).to.equal('on gpu:1');
    expect(facts.get('node')).to.equal('20');
  });
});
