import { expect } from 'chai';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, StorageError } from '../../../../src/core/errors.js';
import { makeFiles, readPartyKeys } from '../../../../src/link/nats/key_files.js';
import { keysToYaml, makePartyKeys } from '../../../../src/link/nats/party_keys.js';
import { foldersOf } from '../../../support/folders.js';
import { rejection } from '../../../support/link_errors.js';

describe('key files', () => {
  const newFolder = foldersOf();
  const file = (path: string, content: string, isSecret = true) => ({ path, content, isSecret });
  const mode = (path: string) => statSync(path).mode & 0o777;

  it('are made with their folder, secrets for their owner only', async () => {
    const folder = join(newFolder(), 'a', 'b');
    const [secret, open] = [join(folder, 's'), join(folder, 'o')];
    await makeFiles([file(secret, 'x'), file(open, 'y', false)]);
    expect(mode(secret)).to.equal(0o600);
    expect(mode(open) & 0o600).to.equal(0o600);
    expect(readFileSync(secret, 'utf8') + readFileSync(open, 'utf8')).to.equal('xy');
  });

  it('are never overwritten, and then none is made', async () => {
    const folder = newFolder();
    const [first, second] = [join(folder, '1'), join(folder, '2')];
    writeFileSync(second, 'old');
    const error = await rejection(
      makeFiles([file(first, 'x'), file(second, 'y')]),
      StorageError,
      'ERR_KEY_FILE_MADE',
    );
    expect(error.message).to.include(`"${second}" is there already, and keys are never overwritten`);
    expect(readdirSync(folder)).to.deep.equal(['2']);
    expect(readFileSync(second, 'utf8')).to.equal('old');
  });

  it('cannot be made under a file: the error says so, and what to do', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, '');
    const { message } = await rejection(
      makeFiles([file(join(path, 'key'), 'x')]),
      StorageError,
      'ERR_KEY_FILE_MADE',
    );
    expect(message).to.match(/^Cannot make .*EEXIST.*Choose another folder with `--out`/);
  });

  it('are read as they were written', async () => {
    const path = join(newFolder(), 'key');
    const keys = makePartyKeys(1);
    await makeFiles([file(path, keysToYaml(keys))]);
    expect((await readPartyKeys(path)).sign.equals(keys.sign)).to.equal(true);
  });

  for (const bits of [0o604, 0o644, 0o606]) {
    it(`are refused where everybody may read or write them (${bits.toString(8)})`, async () => {
      const path = join(newFolder(), 'key');
      await makeFiles([file(path, keysToYaml(makePartyKeys(1)))]);
      chmodSync(path, bits);
      const { message } = await rejection(readPartyKeys(path), DataError, 'ERR_KEY_FILE_MODE');
      expect(message).to.include(`can be read by others (mode ${bits.toString(8)}). Run \`chmod 600\``);
    });
  }

  it("may be read by a group where they are root's, as clusters mount them, and only there", async () => {
    const path = join(newFolder(), 'key');
    await makeFiles([file(path, keysToYaml(makePartyKeys(1)))]);
    chmodSync(path, 0o440);
    if (statSync(path).uid === 0) expect((await readPartyKeys(path)).party).to.equal(1);
    else await rejection(readPartyKeys(path), DataError, 'ERR_KEY_FILE_MODE');
  });

  it('that are missing are named, with how to get them', async () => {
    const { message } = await rejection(readPartyKeys('nowhere.key.yaml'), DataError, 'ERR_KEY_FILE');
    expect(message).to.match(/Cannot read the key file "nowhere.key.yaml": ENOENT.*`bloom-split keys`/);
  });
});
