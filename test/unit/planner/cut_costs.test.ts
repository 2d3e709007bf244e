import { expect } from 'chai';
import { lenet } from '../../../src/models/lenet.js';
import { cutCosts } from '../../../src/planner/cut_costs.js';
import { possibleParts } from '../../../src/planner/placed_parts.js';

const network = lenet({ picture: [1, 28, 28], numClasses: 10 });
const slots = { head: 1, tail: 2 };
const BATCH_SIZE = 32;

describe('cutCosts of LeNet, by hand', () => {
  it('cut after pool2', () => {
    const parts = possibleParts(network, false).find(({ cut }) => cut === 'pool2')!;
    // Outputs: conv1 6x28x28 = 4,704, pool1 1,176, conv2 16x10x10 = 1,600, pool2 400.
    // Forward: conv1 2x4,704x25 + 4,704 = 239,904; relu1 4,704; pool1 4,704; conv2 2x1,600x150 + 1,600 = 481,600; relu2 1,600;
    // pool2 1,600. Backward: the same to the parameters, and through pool2, relu2, conv2 (480,000), pool1, relu1 to conv1.
    const forward = 239_904 + 4704 + 4704 + 481_600 + 1600 + 1600;
    const backward = 239_904 + 4704 + 4704 + 481_600 + 480_000 + 1600 + 1600;
    // Server: fc1 2x48,000 + 120, relu3 120, fc2 2x10,080 + 84, relu4 84, fc3 2x840 + 10.
    const serverForward = 96_120 + 120 + 20_244 + 84 + 1690;
    const serverBackward = 96_120 + 96_000 + 120 + 20_244 + 20_160 + 84 + 1690 + 1680;
    // 156 + 2,416 parameters, each 3 + 2 times; a row: 1,024 in, 14,184 kept, 400 out.
    const memory = 4 * (2572 * 5 + 32 * (1024 + 4704 + 4704 + 1176 + 1600 + 1600 + 400 + 400));
    expect(cutCosts(parts, slots, BATCH_SIZE)).to.deep.equal({
      numClientParameters: 2572,
      clientFlop: forward + backward,
      serverFlop: serverForward + serverBackward,
      clientMemoryBytes: memory,
      sendsRows: false,
    });
  });

  it('after conv1 the rows go up in another form', () => {
    const [conv1, relu1] = possibleParts(network, false).map((parts) => cutCosts(parts, slots, BATCH_SIZE));
    expect([conv1.sendsRows, relu1.sendsRows]).to.deep.equal([true, false]);
  });

  it('head and tail together do what the whole network does, wherever it is cut', () => {
    const sums = possibleParts(network, false).map((parts) => {
      const { clientFlop, serverFlop } = cutCosts(parts, slots, BATCH_SIZE);
      return clientFlop + serverFlop;
    });
    expect(new Set(sums).size).to.equal(1);
  });

  it('U-shaped, cut after pool2 and fc2: the client has the back too', () => {
    const parts = possibleParts(network, true).find(
      ({ cut, cutBack }) => cut === 'pool2' && cutBack === 'relu4',
    )!;
    const plain = cutCosts(
      possibleParts(network, false).find(({ cut }) => cut === 'pool2')!,
      slots,
      BATCH_SIZE,
    );
    // fc3: 850 parameters; 1,690 forward, 1,690 to the parameters, 1,680 to its input.
    const fc3 = 1690 + 1690 + 1680;
    expect(cutCosts(parts, slots, BATCH_SIZE)).to.deep.equal({
      ...plain,
      numClientParameters: 2572 + 850,
      clientFlop: plain.clientFlop + fc3,
      serverFlop: plain.serverFlop - fc3,
      // Two slots: 3 + 4 times 850; a row: 84 in, 10 kept, 10 out.
      clientMemoryBytes: plain.clientMemoryBytes + 4 * (850 * 7 + 32 * (84 + 10 + 10)),
    });
  });
});
