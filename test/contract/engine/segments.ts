import { expect } from 'chai';
import type { Tensor } from '../../../src/core/shapes.js';
import type { Segment } from '../../../src/engine/engine.js';
import { conv2d, dense, flatten, maxPool2d, relu } from '../../../src/models/layers.js';
import {
  adam,
  expectSameState,
  partOf,
  startSegment,
  trainOn,
  trainWith,
  type Compile,
} from '../../support/segments.js';
import { expectSameBits, randomLabels, randomTensor } from '../../support/tensors.js';

const NUM_ROWS = 3;
const head = partOf([conv2d('conv', 1, 2, 3), relu('relu'), maxPool2d('pool', 2)], [1, 8, 8]);
const tail = partOf([flatten('flatten'), dense('fc1', 18, 6), relu('relu'), dense('fc2', 6, 4)], [2, 3, 3]);

const x = (step: number) => randomTensor([NUM_ROWS, ...head.inputShape], 10 + step);
const dz = (step: number) => randomTensor([NUM_ROWS, ...head.outputShape], 20 + step);
const labels = (step: number) => randomLabels(NUM_ROWS, 4, 30 + step);

/** Who owns what: weights, optimiser state and pending steps belong to one segment. */
export function describeSegments(compile: Compile): void {
  describe('segments', () => {
    const program = () => compile(head, { optimizer: adam });
    const step = (segment: Segment, number: number) => trainWith(segment, x(number), dz(number));

    it('of one program share no state, even when their steps interleave', async () => {
      const shared = await program();
      const [a, b] = [startSegment(shared), startSegment(shared)];
      const alone = [startSegment(await program()), startSegment(await program())];
      await a.forward(x(1));
      await b.forward(x(2));
      await a.backward(dz(1));
      await a.forward(x(3));
      await b.backward(dz(2));
      await a.backward(dz(3));
      await step(alone[0], 1);
      await step(alone[0], 3);
      await step(alone[1], 2);
      expectSameState(a.exportState(), alone[0].exportState());
      expectSameState(b.exportState(), alone[1].exportState());
    });

    it('exportState gives a copy', async () => {
      const segment = startSegment(await program());
      await step(segment, 1);
      const copy = segment.exportState();
      const before = structuredClone(copy);
      for (const array of [copy.weights, ...copy.optimizers.flatMap(({ slots }) => slots)]) array.fill(7);
      expectSameState(segment.exportState(), before);
    });

    it('an exported state is not changed by later steps', async () => {
      const segment = startSegment(await program());
      await step(segment, 1);
      const exported = segment.exportState();
      const before = structuredClone(exported);
      await step(segment, 2);
      expectSameState(exported, before);
      expect(segment.exportState().weights).not.to.deep.equal(before.weights);
    });

    it('one made from an exported state goes on exactly as the original', async () => {
      const original = startSegment(await program());
      for (const number of [1, 2]) await step(original, number);
      const copy = (await program()).createSegment(original.exportState());
      expectSameState(copy.exportState(), original.exportState());
      for (const number of [3, 4]) {
        const [{ y, dx }, want] = [await step(copy, number), await step(original, number)];
        expectSameBits(y.data, want.y.data, 'the output');
        expectSameBits(dx!.data, want.dx!.data, 'the gradient of the input');
      }
      expectSameState(copy.exportState(), original.exportState());
    });

    it("give the input's gradient where the spec asks for it, and train the same where it does not", async () => {
      const [asked, notAsked] = [
        startSegment(await compile(head, { needsInputGradient: true })),
        startSegment(await compile(head, { needsInputGradient: false })),
      ];
      const { dx } = await step(asked, 1);
      expect(dx?.shape).to.deep.equal([NUM_ROWS, ...head.inputShape]);
      expect((await step(notAsked, 1)).dx).to.equal(undefined);
      expectSameState(notAsked.exportState(), asked.exportState());
    });

    it("give logits and the input's gradient in their shapes", async () => {
      const segment = startSegment(await compile(tail, { hasLoss: true }));
      const { logits_BK, dx_BI } = await trainOn(segment, dz(1), labels(1));
      expect(logits_BK.shape).to.deep.equal([NUM_ROWS, 4]);
      expect(dx_BI?.shape).to.deep.equal([NUM_ROWS, 2, 3, 3]);
      const quiet = startSegment(await compile(tail, { hasLoss: true, needsInputGradient: false }));
      expect((await trainOn(quiet, dz(1), labels(1))).dx_BI).to.equal(undefined);
    });

    it('lossGradient changes nothing: update does', async () => {
      const segment = startSegment(await compile(tail, { hasLoss: true }));
      const before = segment.exportState();
      await segment.lossGradient(dz(1), labels(1));
      expectSameState(segment.exportState(), before);
      await segment.update();
      expect(segment.exportState().weights).not.to.deep.equal(before.weights);
    });
  });

  describe('infer', () => {
    it('equals forward bit for bit', async () => {
      const segment = startSegment(await compile(head));
      const y: Tensor = await segment.infer(x(1));
      const forward = await segment.forward(x(1));
      expect(y.shape).to.deep.equal(forward.shape);
      expectSameBits(y.data, forward.data, 'the output');
    });

    it('equals the logits of lossGradient bit for bit', async () => {
      const segment = startSegment(await compile(tail, { hasLoss: true }));
      const logits = await segment.infer(dz(1));
      const { logits_BK } = await segment.lossGradient(dz(1), labels(1));
      expectSameBits(logits.data, logits_BK.data, 'the logits');
    });

    it('leaves a pending forward as it was', async () => {
      const compiled = await compile(head);
      const [disturbed, quiet] = [startSegment(compiled), startSegment(compiled)];
      await disturbed.forward(x(1));
      await disturbed.infer(randomTensor([1, ...head.inputShape], 99));
      const got = await disturbed.backward(dz(1));
      const want = await trainWith(quiet, x(1), dz(1));
      expectSameBits(got!.data, want.dx!.data, 'the gradient of the input');
      expectSameState(disturbed.exportState(), quiet.exportState());
    });

    it('leaves a pending lossGradient as it was', async () => {
      const compiled = await compile(tail, { hasLoss: true });
      const [disturbed, quiet] = [startSegment(compiled), startSegment(compiled)];
      await disturbed.lossGradient(dz(1), labels(1));
      await disturbed.infer(dz(2));
      await disturbed.update();
      await trainOn(quiet, dz(1), labels(1));
      expectSameState(disturbed.exportState(), quiet.exportState());
    });
  });
}
