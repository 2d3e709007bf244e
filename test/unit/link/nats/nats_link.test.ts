import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProtocolError } from '../../../../src/core/errors.js';
import { CallGuard } from '../../../../src/link/call_guard.js';
import type { ClientService } from '../../../../src/link/messages.js';
import { linkHandler, openNatsLink } from '../../../../src/link/nats/nats_link.js';
import { pathsUnder } from '../../../../src/link/nats/run_paths.js';
import { foldersOf } from '../../../support/folders.js';
import { echoService } from '../../../support/link_echo.js';
import { thrown } from '../../../support/link_errors.js';

describe('requests that name files, over NATS', () => {
  const newFolder = foldersOf();

  /** A link whose caller and handler are joined directly; what the service gets is kept. */
  const open = (folder: string) => {
    const sent: unknown[] = [];
    const got: unknown[] = [];
    const keep = (request: unknown) => {
      got.push(request);
      return Promise.resolve();
    };
    const files = { saveStates: keep, loadStates: keep, saveHead: keep, loadHead: keep };
    const service = { ...echoService(), ...files } as unknown as ClientService;
    const handle = linkHandler(service, pathsUnder(folder));
    const caller = {
      call(message: unknown) {
        sent.push(message);
        return handle(message);
      },
      close: () => undefined,
    };
    const guard = new CallGuard('client 1', 60_000);
    return {
      link: openNatsLink({ client: 1, place: 1 }, caller, guard, pathsUnder('/server/run')),
      handle,
      sent,
      got,
    };
  };

  it('carry names, which stand for files in the own folder of the client', async () => {
    const folder = newFolder();
    const { link, sent, got } = open(folder);
    await link.saveStates({ path: '/server/run/checkpoints/7/clients', clients: [1] });
    await link.loadStates({ path: '/server/run/checkpoints/7/clients', sha256: 'x', clients: [1] });
    await link.saveHead({ paths: ['/server/run/model/head', '/server/run/model/back'] });
    await link.loadHead({ files: [{ path: '/server/run/model/head', prefix: 'a.' }] });
    expect(JSON.stringify(sent)).not.to.include('/server');
    expect(got).to.deep.equal([
      { path: join(folder, 'checkpoints/7/clients'), clients: [1] },
      { path: join(folder, 'checkpoints/7/clients'), sha256: 'x', clients: [1] },
      { paths: [join(folder, 'model/head'), join(folder, 'model/back')] },
      { files: [{ path: join(folder, 'model/head'), prefix: 'a.' }] },
    ]);
    for (const made of ['checkpoints/7', 'model']) expect(existsSync(join(folder, made))).to.equal(true);
  });

  it('are refused where they leave it, or are of another kind', () => {
    const { handle, got } = open(newFolder());
    const refused: [unknown, string][] = [
      [{ method: 'saveStates', request: { path: '../x', clients: [1] } }, 'ERR_PATH'],
      [{ method: 'loadHead', request: { files: [{ path: '/etc/passwd', prefix: '' }] } }, 'ERR_PATH'],
      [{ method: 'saveStates', request: { clients: [1] } }, 'ERR_REQUEST'],
      [{ method: 'saveHead', request: { paths: 'x' } }, 'ERR_REQUEST'],
      [{ method: 'loadHead', request: { files: [null] } }, 'ERR_REQUEST'],
      [{ method: 'trainStep' }, 'ERR_REQUEST'],
      [{ method: 'toString', request: {} }, 'ERR_REQUEST'],
      [{ method: {}, request: {} }, 'ERR_REQUEST'],
      [null, 'ERR_REQUEST'],
    ];
    for (const [message, code] of refused) thrown(() => handle(message), ProtocolError, code);
    expect(got).to.deep.equal([]);
  });
});
