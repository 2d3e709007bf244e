import { expect } from 'chai';
import { bloomOutput, newFolder, removeFolders } from '../support/e2e_command.js';
import { expectRefused } from '../support/e2e_refusal.js';

describe('plan', () => {
  after(removeFolders);

  const plan = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    bloomOutput(['plan', ...args], { cwd: newFolder(), env });
  /** Cells of the line of a cut; its mark stands first. */
  const lineOf = (text: string, cut: string) => {
    const line = text.split('\n').find((each) => new RegExp(`^.{3}${cut} `).test(each));
    return [line?.slice(0, 2), ...(line?.slice(3).split(/ {2,}/) ?? [])];
  };

  it('has a line a cut of LeNet, by hand; recommends one and says why', async () => {
    const text = await plan(['--max-samples', '1000']);
    expect(text).to.include('lenet on mnist, sequential: 4 clients with 1000 rows, batches of 32\n');
    // 1,600 bytes of z and 4 of a label; 2,572 weights and as many of momentum.
    expect(lineOf(text, 'pool2').slice(0, 9)).to.deep.equal([
      ' >',
      'pool2',
      '2572',
      '1.948',
      '0.354',
      '1604',
      '1600',
      '20.6 kB',
      '2.0 MB',
    ]);
    expect(lineOf(text, 'pool1')[0]).to.equal('* ');
    expect(text).to.match(/^\* recommended: pool1: fewest bytes .* half of the work$/m);
    const cuts = 'conv1 relu1 pool1 conv2 relu2 pool2 flatten fc1 relu3 fc2 relu4'.split(' ');
    for (const cut of cuts) expect(lineOf(text, cut)[1], cut).to.equal(cut);
    expect(text).not.to.include('server ms');
  });

  it('tells what the whole run sends', async () => {
    const text = await plan(['--max-samples', '1000', '--n-epochs', '2', '--forgetting', 'off']);
    // 250 rows a client are 8 batches; 2 epochs of 4 clients. Tests: one after round 0, four in round 1, of 4 messages each.
    expect(text).to.match(/^ {2}activations_up +64 frames +3200000 bytes /m);
    expect(text).to.match(/^ {2}labels_up +0 frames +8000 bytes /m);
    expect(text).to.match(/^ {2}gradients_down +64 frames +3200000 bytes /m);
    expect(text).to.match(/^ {2}evaluation_up +20 frames +8020000 bytes /m);
    expect(text).to.match(/^ {2}hand_overs +7 frames +144032 bytes /m);
  });

  it('reads flags, environment and files as train does', async () => {
    const text = await plan(['--max-samples', '500', '--cut', 'fc1'], {
      WORKERS: '2',
      BLOOM_HANDOFF: 'weights',
    });
    expect(text).to.include('2 clients with 500 rows');
    expect(lineOf(text, 'fc1').slice(0, 1)).to.deep.equal([' >']);
    expect(lineOf(text, 'pool2')[7]).to.equal('10.3 kB');
  });

  it('knows every scheme: SplitFed, U-shaped, has a line a pair of cuts', async () => {
    const args = ['--max-samples', '1000', '--mode', 'splitfed_v1', '--u-shaped', 'true', '--n-epochs', '2'];
    const text = await plan([...args, '--forgetting', 'off']);
    expect(text).to.include(
      'lenet on mnist, splitfed_v1, U-shaped: 4 clients with 1000 rows, batches of 32\n',
    );
    // 2,572 and 850 parameters, in float64 there and float32 back.
    expect(lineOf(text, 'pool2, relu4').slice(0, 8)).to.deep.equal([
      ' >',
      'pool2, relu4',
      '3422',
      '1.953',
      '0.349',
      '1936',
      '1936',
      '41.1 kB',
    ]);
    // 84 floats a row; sums from client to client in both rounds, and the mean once round.
    expect(text).to.match(/^ {2}activations_down +64 frames +672000 bytes /m);
    expect(text).to.match(new RegExp(`^ {2}hand_overs +9 frames +${(6 * 8 + 3 * 4) * 3422} bytes `, 'm'));
  });

  it('says that there is nothing to cut where clients have the whole network', async () => {
    expect(await plan(['--max-samples', '500', '--mode', 'local'])).to.match(
      /^mode local: there is nothing to cut\. [^\n]*on every client[^\n]*\n$/,
    );
  });

  it('--measure times a batch of every cut', async () => {
    const text = await plan([
      '--max-samples',
      '100',
      '--model',
      'mlp',
      '--measure',
      '--engine',
      'onnxruntime',
    ]);
    for (const cut of ['flatten', 'fc1', 'relu1', 'fc2', 'relu2'])
      expect(lineOf(text, cut).slice(-2).join(' '), cut).to.match(/^[\d.]+ \+ [\d.]+ [\d.]+ \+ [\d.]+$/);
  });

  for (const refusal of [
    { what: 'a cut that is not there', args: ['--cut', 'pool9'], says: [/`cut` is "pool9".*pool2 \(6\)/s] },
    { what: 'an unknown key', yaml: 'n_wrokers: 3', says: [/n_wrokers/, /run\.yaml/] },
    {
      what: 'rows that are elsewhere',
      args: ['--data-split', 'own', '--link', 'nats'],
      says: [/`data_split` own/, /Choose another/],
    },
    { what: 'a bad value', args: ['--batch-size', '0'], says: [/batch_size|batch-size/, /integer/] },
  ])
    it(`refuses ${refusal.what}`, () => expectRefused({ ...refusal, command: 'plan' }));
});
