import { expect } from 'chai';
import { copyFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, newFolder, removeFolders, repoRoot, trainOnce } from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';

interface Damage {
  readonly what: string;
  /** Damages a good copy at this path. */
  readonly damage: (path: string) => void;
  readonly says: readonly RegExp[];
}

const runs: readonly Damage[] = [
  ...(['head', 'tail'] as const).map((half) => ({
    what: `a truncated ${half}`,
    damage: (run: string) => {
      truncateSync(join(run, 'model', `${half}.safetensors`), 1000);
    },
    says: [new RegExp(`${half}\\.safetensors" is not a whole safetensors file`), /copy it again/],
  })),
  ...(['head', 'tail'] as const).map((half) => ({
    what: `a missing ${half}`,
    damage: (run: string) => {
      rmSync(join(run, 'model', `${half}.safetensors`));
    },
    says: [
      new RegExp(`Cannot read ".*${half}\\.safetensors"`),
      half === 'head' ? /It should be .* with a client's part of a model/ : /It should be .*tail/,
    ],
  })),
  {
    what: 'a head in the place of the tail',
    damage: (run) => {
      copyFileSync(join(run, 'model', 'head.safetensors'), join(run, 'model', 'tail.safetensors'));
    },
    says: [/tail\.safetensors" does not fit the model/, /should hold "fc1\.weight" as F32 120x400/],
  },
  {
    what: 'a tail that is text',
    damage: (run) => {
      writeFileSync(join(run, 'model', 'tail.safetensors'), 'weights, but in words');
    },
    says: [/tail\.safetensors" is not a whole safetensors file/, /its header claims/],
  },
  {
    what: 'a folder that is no run',
    damage: (run) => {
      rmSync(join(run, '.hydra'), { recursive: true });
    },
    says: [/\.hydra\/config\.yaml"/, /run directory/],
  },
  {
    what: 'a configuration with a foreign key',
    damage: (run) => {
      writeFileSync(join(run, '.hydra', 'config.yaml'), 'layers: 3\n');
    },
    says: [/"layers" \(from ".*config\.yaml"\) is not an option/],
  },
];

const trajectories: readonly Damage[] = [
  {
    what: 'tensors cut short',
    damage: (prefix) => {
      truncateSync(`${prefix}.safetensors`, 100_000);
    },
    says: [/copy\.safetensors" is not a whole safetensors file/, /copy it again/],
  },
  {
    what: 'no tensors',
    damage: (prefix) => {
      rmSync(`${prefix}.safetensors`);
    },
    says: [
      /Cannot read ".*copy\.safetensors"/,
      /one half of a trajectory: PREFIX\.json and PREFIX\.safetensors/,
    ],
  },
  {
    what: 'no JSON',
    damage: (prefix) => {
      rmSync(`${prefix}.json`);
    },
    says: [/Cannot read ".*copy\.json"/, /one half of a trajectory: PREFIX\.json and PREFIX\.safetensors/],
  },
  {
    what: 'JSON cut short',
    damage: (prefix) => {
      truncateSync(`${prefix}.json`, 200);
    },
    says: [/copy\.json" is not half of a trajectory/, /it is not JSON/],
  },
  {
    what: 'a loss too few',
    damage: edited((recorded) => {
      (recorded.losses as number[]).pop();
    }),
    says: [/copy\.json"/, /"losses" has 11 entries for 12 batches/],
  },
  {
    what: 'an unknown model',
    damage: edited((recorded) => {
      recorded.model = 'vgg';
    }),
    says: [/copy\.json"/, /"model" is not one of lenet, femnist_cnn/],
  },
  {
    what: 'more clients than its rows',
    damage: edited((recorded) => {
      recorded.workers = 3;
    }),
    says: [/copy\.safetensors"/, /"images" is not uint8 72x1x28x28/],
  },
];

describe('damaged files', () => {
  let good: string;

  before(async () => {
    const args = ['--n-workers', '2', '--max-samples', '64', '--n-epochs', '1'];
    good = (await trainOnce(args, { cwd: newFolder() })).directory;
  });
  after(removeFolders);

  for (const { what, damage, says } of runs) {
    it(`evaluate: ${what}`, async () => {
      const cwd = newFolder();
      cpSync(good, join(cwd, 'run'), { recursive: true });
      damage(join(cwd, 'run'));
      await expectFailure(['evaluate', 'run'], cwd, says);
    });
  }

  for (const { what, damage, says } of trajectories) {
    it(`verify --trajectory: ${what}`, async () => {
      const cwd = newFolder();
      for (const half of ['json', 'safetensors']) {
        const fixture = join(repoRoot, 'test', 'fixtures', `lenet_mnist_sgd_2w.${half}`);
        copyFileSync(fixture, join(cwd, `copy.${half}`));
      }
      damage(join(cwd, 'copy'));
      await expectFailure(['verify', '--trajectory', 'copy'], cwd, says);
    });
  }
});

async function expectFailure(args: readonly string[], cwd: string, says: readonly RegExp[]): Promise<void> {
  const { exitCode, stdout, stderr } = await bloom(args, { cwd });
  for (const expected of says) expect(stderr).to.match(expected);
  expectOneMessage(stderr);
  expect(stdout).to.equal('');
  expect(exitCode).to.equal(1);
}

function edited(edit: (recorded: Record<string, unknown>) => void): (prefix: string) => void {
  return (prefix) => {
    const recorded = JSON.parse(readFileSync(`${prefix}.json`, 'utf8')) as Record<string, unknown>;
    edit(recorded);
    writeFileSync(`${prefix}.json`, JSON.stringify(recorded));
  };
}
