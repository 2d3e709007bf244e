import { expect } from 'chai';
import { faultsOf } from '../../../src/cli/planned_faults.js';
import { ConfigError } from '../../../src/core/errors.js';
import { parseFaults } from '../../../src/link/faults.js';
import { scheduleOf } from '../../../src/server/schedule.js';
import { schemes, type Mode } from '../../../src/server/schemes/registry.js';
import { thrown } from '../../support/link_errors.js';

/** Shards of 6, 4 and 9 rows in batches of 4: 2, 1 and 3 batches a round, two rounds. */
describe('faultsOf', () => {
  const plan = (text: string, mode: Mode = 'sequential') => {
    const scheme = schemes[mode];
    const schedule = scheduleOf({
      scheme,
      numEpochs: 2,
      localEpochs: 1,
      batchSize: 4,
      shardSizes: [6, 4, 9],
      clientFraction: 1,
      seed: 0,
      maxSteps: 0,
      skippedVisits: [],
    });
    return faultsOf(parseFaults(text), { scheme, schedule, hasOwnTests: false, seed: 0, numClients: 3 });
  };

  it('takes a fault at a batch of its client', () => {
    expect(plan('kill=client1@step2,nan=client0@step7,slow=client2:5ms')).to.deep.equal([
      { kind: 'kill', client: 1, step: 2, delayMs: 0, parcel: 'head' },
      { kind: 'nan', client: 0, step: 7, delayMs: 0, parcel: 'head' },
      { kind: 'slow', client: 2, step: -1, delayMs: 5, parcel: 'head' },
    ]);
  });

  it('in lock-step a batch is of whom the order gives it to', () => {
    // Local steps: clients 0, 1, 2; then 0, 2; then 2.
    for (const [step, client] of [0, 1, 2, 0, 2, 2].entries())
      expect(plan(`hang=client${client}@step${step}`, 'parallel')[0]).to.include({ client, step });
    thrown(() => plan('hang=client1@step3', 'parallel'), ConfigError, 'ERR_CONFIG_VALUE');
    const takers = [0, 1, 2].filter((client) => {
      try {
        return plan(`kill=client${client}@step0`, 'splitfed_v2').length === 1;
      } catch {
        return false;
      }
    });
    expect(takers).to.deep.equal([
      schemes.splitfed_v2.order([0, 1, 2], { seed: 0, round: 0, localStep: 0 })[0],
    ]);
  });

  it('a hand-over is of the client that sends it, counted from 1; a sum counts too', () => {
    expect(plan('corrupt=handover2')).to.deep.equal([
      { kind: 'corrupt', client: 1, step: 3, delayMs: 0, parcel: 'head' },
    ]);
    expect(plan('corrupt=handover1,corrupt=handover3', 'splitfed_v1')).to.deep.equal([
      { kind: 'corrupt', client: 0, step: 6, delayMs: 0, parcel: 'sum' },
      { kind: 'corrupt', client: 2, step: 6, delayMs: 0, parcel: 'head' },
    ]);
  });

  for (const [mode, text] of [
    ['sequential', 'kill=client0@step2'],
    ['sequential', 'kill=client2@step12'],
    ['sequential', 'slow=client3:1ms'],
    ['sequential', 'corrupt=handover6'],
    ['parallel', 'corrupt=handover1'],
    ['splitfed_v1', 'corrupt=handover7'],
  ] as const) {
    it(`refuses what cannot happen: ${text} in mode ${mode}`, () => {
      const { message } = thrown(() => plan(text, mode), ConfigError, 'ERR_CONFIG_VALUE');
      expect(message)
        .to.include('`chaos`')
        .and.include('3 clients')
        .and.include('Ask for a fault that can happen');
    });
  }
});
