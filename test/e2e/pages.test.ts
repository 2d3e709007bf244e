import { expect } from 'chai';
import { followPage } from '../support/followed_page.js';

/** Each builds a copy of the sources, which takes its time on a busy machine. */
const TIMEOUT_MS = 300_000;

describe('pages that are followed to the letter', () => {
  it('add_a_model', async () => {
    const outputs = await followPage('add_a_model');
    expect([...outputs.keys()]).to.have.length(8);
    for (const [command, output] of outputs) {
      if (command.startsWith('make verify')) expect(output).to.match(/all 12 comparisons are within/);
      if (command.includes('onnxruntime.test.js')) expect(output).to.match(/leaky_relu: agree.*1 passing/s);
      if (command.includes('tensorflow/engine.test.js'))
        expect(output, 'or skipped, where the engine is not built').to.match(
          /leaky_relu: agree.*1 (passing|pending)/s,
        );
      if (command.includes('registry.test.js'))
        expect(output).to.match(/small_vgg: parameters have PyTorch's names/);
      if (command.startsWith('make plan'))
        expect(output)
          .to.match(/^small_vgg on mnist/m)
          .and.match(/\* recommended: /);
      if (command.startsWith('make train')) expect(output).to.match(/^test accuracy 0\.\d+/m);
    }
  }).timeout(TIMEOUT_MS);

  it('add_a_scheme', async () => {
    const outputs = await followPage('add_a_scheme');
    expect([...outputs.keys()]).to.have.length(8);
    for (const [command, output] of outputs) {
      if (command.includes(' verify ')) expect(output).to.match(/all \d+ comparisons are within/);
      if (command.startsWith('make plan'))
        expect(output)
          .to.match(/^lenet on mnist, splitfed_v3, U-shaped: /m)
          .and.match(/^ {2}activations_down /m)
          .and.not.match(/^ {2}hand_overs /m);
      if (command.startsWith('make train')) expect(output).to.match(/^test accuracy 0\.\d+/m);
      if (command.includes('scheme_runs')) expect(output).to.match(/\b[1-9]\d* passing/);
      if (command.includes('planned_traffic')) expect(output).to.match(/\b2 passing/);
    }
  }).timeout(2 * TIMEOUT_MS);

  it('add_a_dataset', async () => {
    const outputs = [...(await followPage('add_a_dataset')).values()];
    expect(outputs).to.have.length(3);
    expect(outputs[1]).to.include('shapes: 600 training and 150 test pictures of 1x28x28, 3 classes\n');
    expect(outputs[1]).to.include('data_split num_classes: n_workers 3');
    // A third would be chance.
    expect(Number(/^test accuracy (0\.\d+|1\.0+)/m.exec(outputs[2])?.[1])).to.be.above(0.6);
  }).timeout(TIMEOUT_MS);
});
