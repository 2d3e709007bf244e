import { removeFolders } from '../support/e2e_command.js';
import { expectRefused, type Refusal } from '../support/e2e_refusal.js';

const names: readonly Refusal[] = [
  {
    what: 'an unknown key in YAML',
    yaml: 'n_worker: 2',
    says: [/"n_worker"/, /run\.yaml/, /Did you mean "n_workers"\?/],
  },
  {
    what: 'an unknown nested key in YAML',
    yaml: 'optimizer: { head: { learning: 1 } }',
    says: [/"optimizer\.head\.learning"/, /run\.yaml/, /train --help/],
  },
  {
    what: 'an unknown BLOOM_ variable',
    env: { BLOOM_N_WORKER: '2' },
    says: [/"BLOOM_N_WORKER"/, /environment/, /Did you mean "BLOOM_N_WORKERS"\?/],
  },
  {
    what: 'an unknown flag',
    args: ['--n-worker', '2'],
    says: [/unknown option '--n-worker'/, /Did you mean --n-workers\?/],
  },
  {
    what: 'an unknown flag, without the value, which may be a secret',
    args: ['--wandb-kye=some-secret'],
    says: [/unknown option '--wandb-kye'/, /^(?!.*some-secret)/],
  },
  {
    what: 'an unknown variable of make',
    args: ['--make-variables', 'FOO'],
    env: { FOO: '1' },
    says: [/"FOO"/, /make FOO=/, /key in capitals/],
  },
  { what: 'an argument too many', args: ['4'], says: [/too many arguments/, /Expected 0 arguments/] },
  { what: 'a flag without its value', args: ['--n-workers'], says: [/--n-workers/, /argument missing/] },
  {
    what: 'two variables that disagree',
    env: { BLOOM_N_WORKERS: '2', WORKERS: '3' },
    says: [/`n_workers` is given twice/, /BLOOM_N_WORKERS says 2/, /WORKERS says 3/, /Keep one/],
  },
  {
    what: 'two flags that disagree',
    args: ['--n-workers', '2', '--num-workers', '3'],
    says: [/`n_workers` is given twice/, /--n-workers says 2/, /--num-workers says 3/],
  },
  {
    what: 'one flag given twice with different values',
    args: ['--seed', '1', '--seed', '2'],
    says: [/`seed` is given twice/, /--seed says 1/, /--seed says 2/],
  },
  {
    what: 'two names in YAML that disagree',
    yaml: 'wandb: { track: true }\nwandb.track: false',
    says: [/`wandb\.track` is given twice/, /says true/, /says false/],
  },
];

const values: readonly Refusal[] = [
  {
    what: 'a wrong type in YAML',
    yaml: 'n_workers: "2"',
    says: [/`n_workers` is "2" \(from n_workers in .*run\.yaml"\)/, /an integer of 1 or more was expected/],
  },
  {
    what: 'a value out of range in YAML',
    yaml: 'optimizer: { tail: { momentum: 1 } }',
    says: [/`optimizer\.tail\.momentum` is 1/, /from 0 up to, not including, 1/],
  },
  {
    what: 'a wrong type in the environment',
    env: { EPOCHS: 'many' },
    says: [/`n_epochs` is "many" \(from EPOCHS\)/, /an integer of 1 or more/],
  },
  {
    what: 'a value out of range in the environment',
    env: { BLOOM_BATCH_SIZE: '70000' },
    says: [/`batch_size` is 70000 \(from BLOOM_BATCH_SIZE\)/, /an integer from 1 to 65536/],
  },
  {
    what: 'a wrong type in a flag',
    args: ['--wandb-track', 'yes'],
    says: [/`wandb\.track` is "yes" \(from --wandb-track\)/, /true or false/],
  },
  {
    what: 'a value out of range in a flag',
    args: ['--optimizer-head-lr', '-0.1'],
    says: [/`optimizer\.head\.lr` is -0\.1 \(from --optimizer-head-lr\)/, /a number above 0/],
  },
  {
    what: 'a value that is no choice',
    args: ['--handoff', 'nothing'],
    says: [/`handoff` is "nothing"/, /one of weights_and_optimizer, weights/],
  },
  {
    what: 'YAML that is none',
    yaml: 'n_workers: [2',
    says: [/run\.yaml" is not YAML/, /line 1|line 2/, /Correct the file/],
  },
  {
    what: 'YAML without keys',
    yaml: '- n_workers=2',
    says: [/run\.yaml" should be a YAML mapping of options/],
  },
  {
    what: 'a missing configuration file',
    args: ['--config', 'nowhere.yaml'],
    says: [/"nowhere\.yaml"/, /an existing YAML file/],
  },
  {
    what: 'no clients',
    args: ['--n-workers', '0'],
    says: [/`n_workers` is 0 \(from --n-workers\)/, /an integer of 1 or more/],
  },
  {
    what: 'more clients than max_clients',
    args: ['--n-workers', '65'],
    says: [/`n_workers` is 65 \(from --n-workers\)/, /`max_clients`, 64/, /Raise `max_clients`/],
  },
  {
    what: 'more clients than rows',
    args: ['--n-workers', '9', '--max-samples', '8'],
    says: [/`n_workers` is 9/, /only 8 training rows/, /raise `max_samples`/],
  },
  {
    what: 'local_epochs that does not divide n_epochs',
    args: ['--n-epochs', '5', '--local-epochs', '2'],
    says: [/`local_epochs` is 2 \(from --local-epochs\)/, /`n_epochs`, 5/, /divisor/],
  },
  {
    what: 'a forgetting matrix without the class counts that it needs',
    args: ['--forgetting', 'every_round', '--share-class-counts', 'false'],
    says: [
      /`forgetting` is every_round \(from --forgetting\)/,
      /`share_class_counts` is false \(from --share-class-counts\)/,
      /Set `share_class_counts` to true, or `forgetting` to off/,
    ],
  },
  {
    what: 'a cut that is no layer',
    args: ['--cut', 'pool9'],
    says: [/`cut` is "pool9"/, /"lenet"/, /conv1 \(1\), relu1 \(2\), pool1 \(3\), .*relu4 \(11\)\./],
  },
  {
    what: 'a cut behind the last layer',
    args: ['--cut', '8', '--model', 'femnist_cnn'],
    says: [/`cut` is "8"/, /"femnist_cnn"/, /conv1 \(1\), .*flatten \(7\)\./],
  },
  {
    what: 'an unknown device',
    args: ['--devices', 'cpu,tpu:0'],
    says: [/`devices` names "tpu:0"/, /sees only: cpu/, /or "auto"/],
  },
];

const commands: readonly Refusal[] = [
  { what: 'an unknown command', command: 'trian', says: [/unknown command 'trian'/, /Did you mean train\?/] },
  {
    what: 'an unknown model for `verify`',
    command: 'verify',
    args: ['--model', 'vgg'],
    says: [/'vgg' is invalid/, /lenet, femnist_cnn/],
  },
  {
    what: 'a cut outside the model for `verify`',
    command: 'verify',
    args: ['--cut', '12'],
    says: [/`cut` is "12"/, /conv1 \(1\)/],
  },
];

describe('bad input', () => {
  after(removeFolders);

  for (const [title, cases] of Object.entries({ names, values, commands })) {
    describe(title, () => {
      for (const each of cases) {
        it(`${each.what}: one clear message, and nothing made`, () => expectRefused(each));
      }
    });
  }
});
