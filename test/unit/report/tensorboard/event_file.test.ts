import { expect } from 'chai';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventFile } from '../../../../src/report/tensorboard/event_file.js';
import { scalar } from '../../../../src/report/tensorboard/summary_values.js';
import { onlyEventFile, readEvents } from '../../../support/tensorboard_reader.js';

describe('EventFile', () => {
  let folder: string;
  const { writeSync } = fs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tensorboard-test-'));
  });
  afterEach(() => {
    replaceWrite(writeSync);
    rmSync(folder, { recursive: true });
  });

  function replaceWrite(write: unknown): void {
    fs.writeSync = write as typeof writeSync;
    syncBuiltinESMExports();
  }

  it('goes on where the system took only a part', () => {
    let numCalls = 0;
    replaceWrite((file: number, bytes: Buffer, offset: number) => {
      numCalls++;
      return writeSync(file, bytes, offset, Math.min(10, bytes.length - offset));
    });
    const file = new EventFile(folder, () => 1_000);
    file.write(3, [scalar('a', 0.5)]);
    file.close();
    expect(numCalls).to.be.greaterThan(5);
    expect(readEvents(onlyEventFile(folder)).map(({ step }) => step)).to.deep.equal([0, 3]);
  });

  it('gives up what could not be written, tells of it once, and can be closed', () => {
    const file = new EventFile(folder, () => 1_000);
    file.flush();
    replaceWrite(() => {
      throw new Error('ENOSPC: no space left on device, write');
    });
    file.write(3, [scalar('a', 0.5)]);
    expect(() => file.flush()).to.throw(/ENOSPC/);
    expect(() => file.close()).not.to.throw();
    expect(readEvents(onlyEventFile(folder))).to.have.length(1);
  });

  it('is closed though the last write fails', () => {
    const file = new EventFile(folder, () => 1_000);
    replaceWrite(() => {
      throw new Error('ENOSPC: no space left on device, write');
    });
    expect(() => file.close()).to.throw(/ENOSPC/);
    expect(() => file.close()).to.throw(/EBADF/);
  });
});
