import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateRun } from '../../src/cli/evaluate.js';
import { configFrom, configFromFile } from '../../src/config/load.js';
import type { StepEvent, TrainEvent } from '../../src/core/events.js';
import { modes, schemes, type Mode } from '../../src/server/schemes/registry.js';
import { removeRuns, resumeHere, trainHere, type ProcessRun } from '../support/run_in_process.js';
import { checkpointsIn, resultOf } from '../support/run_bytes.js';

/** Three clients with 120, 100 and 80 rows or so: 2 rounds, and a checkpoint as often as can be. */
const SMALL = {
  n_workers: 3,
  n_threads: 2,
  n_epochs: 2,
  max_samples: 300,
  data_split: 'num_samples',
  samples_sigma: 0.3,
  forgetting_samples: 60,
  checkpoint_every: 2,
  checkpoint_min_s: 0,
};

interface Variant {
  readonly mode: Mode;
  readonly u_shaped: boolean;
}

const variants: readonly Variant[] = modes.flatMap((mode) =>
  schemes[mode].tails === 'none'
    ? [{ mode, u_shaped: false }]
    : [
        { mode, u_shaped: false },
        { mode, u_shaped: true },
      ],
);

describe('runs of every scheme', () => {
  after(removeRuns);

  for (const variant of variants) {
    const { mode, u_shaped } = variant;
    const scheme = schemes[mode];
    const isAlone = scheme.joinsRows;
    describe(`${mode}${u_shaped ? ', U-shaped' : ''}`, () => {
      let whole: ProcessRun;
      let steps: readonly StepEvent[];
      const options = { ...SMALL, ...variant };
      const expectSame = (run: ProcessRun) => {
        expect(run.error).to.equal(undefined);
        expect(resultOf(run.directory)).to.deep.equal(resultOf(whole.directory));
      };
      /** Somewhere in the second round. */
      const later = (client: number) =>
        steps.filter((step) => step.client === client && step.round === 1)[1].step;

      before(async () => {
        whole = await trainHere(options);
        if (whole.error) throw whole.error as Error;
        steps = whole.events.filter((event) => event.type === 'step');
      });

      it('trains every batch of every client once a round', () => {
        expect(steps.map(({ step }) => step)).to.deep.equal(steps.map((_, index) => index));
        expect(whole.summary?.rows).to.equal(600);
        expect(steps.reduce((sum, { rows }) => sum + rows, 0)).to.equal(600);
        expect(whole.events.filter(({ type }) => type === 'round')).to.have.length(2);
      });

      it('gives the same bytes on one thread and on three', async () => {
        if (isAlone) return;
        for (const n_threads of [1, 3]) expectSame(await trainHere({ ...options, n_threads }));
      });

      it('is resumed after a signal, to the same bytes', async () => {
        const stopped = await trainHere(options, { stopAfter: Math.floor(steps.length * 0.55) });
        expect(stopped.error).to.have.property('code', 'ERR_INTERRUPTED');
        expect(checkpointsIn(stopped.directory).at(-1)).to.be.within(1, steps.length - 1);
        expectSame(await resumeHere(stopped.directory));
      });

      it('is resumed from a checkpoint between rounds', async () => {
        const stopped = await trainHere(options, { stopAfter: Math.floor(steps.length * 0.8) });
        const firstOfRound = steps.filter(({ round }) => round === 0).length;
        const folder = join(stopped.directory, 'checkpoints');
        for (const steps of checkpointsIn(stopped.directory).filter((each) => each > firstOfRound))
          rmSync(join(folder, `step-${String(steps).padStart(9, '0')}`), { recursive: true });
        expectSame(await resumeHere(stopped.directory));
      });

      it('goes back where a client dies, to the same bytes', async () => {
        const client = isAlone ? 0 : 1;
        const run = await trainHere({ ...options, chaos: `kill=client${client}@step${later(client)}` });
        expectSame(run);
        expect(run.warnings.join()).to.match(new RegExp(`ended while waiting for "client ${client}: `));
      });

      it('leaves out the visit of a client that dies, as if it had not been due', async () => {
        if (isAlone) return;
        const asked = await trainHere({ ...options, skip_visits: '2@1' });
        expect(asked.summary?.skipped_visits).to.deep.equal(['2@1']);
        expect(asked.summary?.steps).to.be.below(steps.length);
        const chaos = `kill=client2@step${later(2)}`;
        const skipped = await trainHere({ ...options, on_client_loss: 'skip', chaos });
        expect(skipped.error).to.equal(undefined);
        expect(resultOf(skipped.directory)).to.deep.equal(resultOf(asked.directory));
      });

      it('is tested again to the numbers of its summary', async () => {
        const { config } = configFromFile(join(whole.directory, '.hydra', 'config.yaml'));
        const { loss, accuracy, rows } = await evaluateRun(whole.directory, config);
        expect({ loss, accuracy, rows }).to.deep.equal({
          loss: whole.summary?.loss,
          accuracy: whole.summary?.accuracy,
          rows: 300,
        });
      });

      it('leaves the model that its scheme ends with', () => {
        const files = readdirSync(join(whole.directory, 'model')).sort();
        expect(files).to.deep.equal(modelFiles(variant));
      });
    });
  }

  it('a checkpoint between rounds of SplitFed holds one head', async () => {
    const run = await trainHere({ ...SMALL, mode: 'splitfed_v2', keep_checkpoints: 100 });
    const all = checkpointsIn(run.directory).map((steps) => manifestOf(run, steps).progress);
    const between = all.filter(({ stepsInTurn }) => stepsInTurn === 0);
    expect(between).to.have.length(2);
    for (const { holders } of between) expect(holders).to.deep.equal([2]);
    for (const { holders, stepsInTurn } of all) if (stepsInTurn > 0) expect(holders).to.deep.equal([0, 1, 2]);
  });

  for (const [mode, chaos] of [
    ['splitfed_v1', 'corrupt=handover1'],
    ['splitfed_v2', 'corrupt=handover3'],
  ] as const) {
    it(`${mode}: a sum or mean that is altered on its way is refused (${chaos})`, async () => {
      const options = { ...SMALL, mode };
      const [plain, run] = [await trainHere(options), await trainHere({ ...options, chaos })];
      expect(run.warnings.join()).to.match(/its SHA-256 differs from its contents/);
      expect(resultOf(run.directory)).to.deep.equal(resultOf(plain.directory));
    });
  }

  for (const splitfed_optimizer of ['average', 'keep']) {
    it(`splitfed_v1 with optimisers ${splitfed_optimizer}, some clients drawn, is resumed to the same bytes`, async () => {
      const options = {
        ...SMALL,
        n_epochs: 4,
        mode: 'splitfed_v1',
        splitfed_optimizer,
        client_fraction: 0.6,
      };
      const plain = await trainHere(options);
      for (const part of [0.3, 0.6]) {
        const stopped = await trainHere(options, {
          stopAfter: Math.floor((plain.summary?.steps ?? 0) * part),
        });
        const resumed = await resumeHere(stopped.directory);
        expect(resumed.error).to.equal(undefined);
        expect(resultOf(resumed.directory)).to.deep.equal(resultOf(plain.directory));
      }
    });
  }

  it('max_steps ends a round in the middle of a local step, and the rest of the run is as it was', async () => {
    for (const mode of ['parallel', 'splitfed_v1', 'splitfed_v2', 'local'] as const) {
      const options = { ...SMALL, mode, data_split: 'iid' };
      const stepsOf = (events: readonly TrainEvent[]) => events.filter(({ type }) => type === 'step');
      const all = stepsOf((await trainHere(options)).events);
      const cut = await trainHere({ ...options, max_steps: 5 });
      expect(stepsOf(cut.events)).to.deep.equal(all.slice(0, 5));
      expect(cut.summary?.steps).to.equal(5);
    }
  });

  it('more clients than threads, some without a head at the end', async () => {
    const options = { ...SMALL, n_workers: 7, data_split: 'iid', client_fraction: 0.3, n_epochs: 2 };
    const run = await trainHere({ ...options, mode: 'parallel' });
    const tested = run.summary?.clients.filter(({ accuracy }) => accuracy !== null) ?? [];
    expect(tested.length).to.be.within(2, 4);
    const mean = tested.reduce((sum, { accuracy }) => sum + Number(accuracy), 0) / tested.length;
    expect(run.summary?.accuracy).to.be.closeTo(mean, 1e-12);
    const { config } = configFromFile(join(run.directory, '.hydra', 'config.yaml'));
    expect((await evaluateRun(run.directory, config)).accuracy).to.equal(run.summary?.accuracy);
  });

  it('parallel_training is another name of mode parallel', () => {
    expect(configFrom({ parallel_training: true }).config.mode).to.equal('parallel');
    expect(configFrom({ parallel_training: true, mode: 'parallel' }).config.mode).to.equal('parallel');
    expect(() => configFrom({ parallel_training: true, mode: 'local' })).to.throw(
      /`parallel_training` is true .* but `mode` is local .*Leave one of them out/,
    );
  });
});

interface ManifestProgress {
  readonly progress: { readonly holders: readonly number[]; readonly stepsInTurn: number };
}

function manifestOf({ directory }: ProcessRun, steps: number): ManifestProgress {
  const folder = join(directory, 'checkpoints', `step-${String(steps).padStart(9, '0')}`);
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ManifestProgress;
}

function modelFiles({ mode, u_shaped }: Variant): readonly string[] {
  const { heads, tails, joinsRows } = schemes[mode];
  const back = u_shaped ? ['back'] : [];
  if (heads !== 'own' || joinsRows)
    return [...[...back, 'head'].map((name) => `${name}.safetensors`), 'model.onnx', 'tail.safetensors'];
  const own = [...back, 'head', ...(tails === 'none' ? ['tail'] : [])];
  return [
    ...own.flatMap((name) => [0, 1, 2].map((client) => `${name}_${client}.safetensors`)),
    ...(tails === 'none' ? [] : ['tail.safetensors']),
  ];
}
