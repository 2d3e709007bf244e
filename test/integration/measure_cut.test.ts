import { expect } from 'chai';
import { measureCut } from '../../src/cli/measure_cut.js';
import type { Engine, Program } from '../../src/engine/engine.js';
import { lenet } from '../../src/models/lenet.js';
import { possibleParts } from '../../src/planner/placed_parts.js';
import { describeEngines } from '../support/engines.js';
import { adam, sgd } from '../support/cluster_training.js';
import { randomLabels, randomTensor } from '../support/tensors.js';

const network = lenet({ picture: [1, 28, 28], numClasses: 10 });

/** The same engine, and how many of its programs are not disposed of. */
function watched(engine: Engine): { engine: Engine; numOpen: () => number } {
  let numOpen = 0;
  const compile = async (...args: Parameters<Engine['compile']>): Promise<Program> => {
    const program = await engine.compile(...args);
    numOpen++;
    return {
      spec: program.spec,
      createSegment: (state) => program.createSegment(state),
      dispose: async () => {
        numOpen--;
        await program.dispose();
      },
    };
  };
  const listDevices = () => engine.listDevices();
  return { engine: { ...engine, listDevices, compile }, numOpen: () => numOpen };
}

describeEngines((_name, load) => {
  describe('measureCut', () => {
    for (const [what, isUShaped] of [
      ['two parts', false],
      ['U-shaped, three parts', true],
    ] as const) {
      it(`${what}: times all of them, and leaves nothing open`, async () => {
        const { engine, numOpen } = watched(await load());
        const [parts] = possibleParts(network, isUShaped).slice(-1);
        const measured = await measureCut(parts, {
          engine,
          x_BCHW: randomTensor([4, ...network.inputShape], 1),
          labels_B: randomLabels(4, 10, 2),
          headOptimizer: sgd,
          tailOptimizer: adam,
          seed: 0,
        });
        for (const [part, ms] of Object.entries(measured)) expect(ms, part).to.be.above(0);
        expect(numOpen()).to.equal(0);
      });
    }
  });
});
