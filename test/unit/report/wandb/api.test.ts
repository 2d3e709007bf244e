import { expect } from 'chai';
import { inspect } from 'node:util';
import { wandbApi, type RunPlace, type WandbApi } from '../../../../src/report/wandb/api.js';
import { Patience } from '../../../../src/report/wandb/patience.js';
import {
  deadAddress,
  GOOD_KEY,
  startWandbServer,
  type Reply,
  type WandbServer,
} from '../../../support/wandb_server.js';

const run = {
  id: 'r1',
  name: '2026-11-24 14-03-22',
  project: 'p q',
  entity: '',
  group: '',
  config: { seed: 1 },
};

describe('the interface of Weights & Biases', () => {
  let server: WandbServer;
  let outages: string[];
  let waits: number[];
  beforeEach(async () => {
    server = await startWandbServer();
    [outages, waits] = [[], []];
  });
  afterEach(() => server.close());

  function api({ baseUrl = server.url, key = GOOD_KEY, maxAttempts = 4, timeoutMs = 30_000 } = {}): WandbApi {
    const sleep = (ms: number) => Promise.resolve(waits.push(ms));
    const patience = new Patience({ maxAttempts, graceMs: 10, sleep });
    const onOutage = (problem: string) => outages.push(problem);
    return wandbApi({ baseUrl, key, userAgent: 'test/1', patience, timeoutMs, onOutage });
  }
  async function errorOf(work: Promise<unknown>): Promise<Error> {
    try {
      await work;
    } catch (error) {
      return error as Error;
    }
    throw new Error('It should have failed.');
  }
  /** Answers the first requests like this, then as a server should. */
  function first(...replies: readonly (Reply | undefined)[]): void {
    let asked = 0;
    server.intercept = () => replies[asked++];
  }

  it('registers a run: name, place, group, and the configuration as W&B keeps it', async () => {
    const config = { seed: 1, optimizer: { lr: 0.1 }, name: '\u00fc' };
    const place = await api().register({ ...run, entity: 'team', group: 'g', config });
    expect(place).to.deep.equal({ entity: 'team', project: 'p q', id: 'r1' });
    const [{ headers, json, path }] = server.requests;
    expect(path).to.equal('/graphql');
    expect(headers).to.include({ 'user-agent': 'test/1', 'content-type': 'application/json' });
    expect(json.variables).to.deep.equal({
      name: 'r1',
      project: 'p q',
      entity: 'team',
      groupName: 'g',
      displayName: '2026-11-24 14-03-22',
      config: '{"seed":{"value":1},"optimizer":{"value":{"lr":0.1}},"name":{"value":"\u00fc"}}',
      program: 'bloom-split train',
      jobType: 'train',
    });
  });

  it('leaves entity and group to the server where there is none', async () => {
    expect(await api().register(run)).to.deep.equal({ entity: 'somebody', project: 'p q', id: 'r1' });
    expect(server.run().registered).to.include({ entity: null, groupName: null });
  });

  it('streams history and summary, and says how the run ended', async () => {
    const place = await api().register(run);
    await api().stream(place, { history: { offset: 0, lines: ['{"_step":0}'] }, summary: '{"a":1}' });
    await api().stream(place, {});
    await api().stream(place, { exitCode: 1, uploaded: ['x'] });
    const streamed = server.requests.filter(({ operation }) => operation === 'file_stream');
    expect(streamed.map(({ path }) => path)).to.deep.equal(
      Array(3).fill('/files/somebody/p%20q/r1/file_stream'),
    );
    expect(streamed.map(({ json }) => json)).to.deep.equal([
      {
        files: {
          'wandb-history.jsonl': { offset: 0, content: ['{"_step":0}'] },
          'wandb-summary.json': { offset: 0, content: ['{"a":1}'] },
        },
        complete: false,
        failed: false,
        dropped: 0,
      },
      { complete: false, failed: false, dropped: 0 },
      { complete: true, exitcode: 1, uploaded: ['x'], dropped: 0 },
    ]);
  });

  it('takes an empty answer to a part of the history for an answer', async () => {
    const place = await api().register(run);
    first({ status: 200 });
    await api({ maxAttempts: 1 }).stream(place, {});
  });

  it('uploads a file to where the server wants it, with its headers and without the key', async () => {
    const place = await api().register(run);
    await api().upload(place, 'media/a b.png', new Uint8Array([1, 2, 3]));
    expect(server.run().files.get('media/a%20b.png')).to.deep.equal(Buffer.from([1, 2, 3]));
    const elsewhere = await startWandbServer();
    try {
      elsewhere.intercept = () => ({ status: 200 });
      first(made([{ name: 'f', uploadUrl: `${elsewhere.url}/signed?x=1` }]));
      await api().upload(place, 'f', new Uint8Array([4]));
      expect(elsewhere.requests[0]).to.deep.include({ path: '/signed?x=1', body: Buffer.from([4]) });
      expect(elsewhere.requests[0].headers).not.to.have.property('authorization');
    } finally {
      await elsewhere.close();
    }
  });

  it('uploads nothing that the server has', async () => {
    first(made([{ name: 'f', uploadUrl: null }]));
    await api().upload({ entity: 'e', project: 'p', id: 'r1' }, 'f', new Uint8Array(1));
    expect(server.requests.map(({ operation }) => operation)).to.deep.equal(['createRunFiles']);
  });

  it('tries again where it is not told where to upload to', async () => {
    const bad = [{ name: 'f', uploadUrl: 'somewhere' }];
    first(made([]), made(bad), made([{ name: 'f' }]), made([{ name: 'f', uploadUrl: null }]));
    await api().upload(place, 'f', new Uint8Array(1));
    expect(waits).to.have.length(3);
  });

  it('does not blame the key where the storage refuses', async () => {
    await api().register(run);
    server.intercept = ({ operation }) => (operation === 'put' ? { status: 403 } : undefined);
    const error = await errorOf(api().upload(place, 'f', new Uint8Array(1)));
    expect(error).to.include({ code: 'ERR_WANDB_REFUSED' });
    expect(error.message).to.include('answered 403 to the file f.');
  });

  const place: RunPlace = { entity: 'somebody', project: 'p', id: 'r1' };

  it('refuses a wrong key at once, and repeats it nowhere', async () => {
    const key = 'a-wr0ng-key-which-is-l0ng-en0ugh';
    const basic = Buffer.from(`api:${key}`).toString('base64');
    for (const status of [401, 403])
      for (const echo of [key, basic, `Basic ${basic}`]) {
        first({ status, body: JSON.stringify({ errors: [{ message: `who is ${echo}?` }] }) });
        const error = await errorOf(api({ key }).checkKey());
        expect(error).to.include({ name: 'WandbError', code: 'ERR_WANDB_KEY' });
        expect(error.message)
          .to.include(`at ${server.url} refuses the API key`)
          .and.include(`answered ${status} to`);
        expect(inspect(error, { depth: 9, showHidden: true })).not.to.match(new RegExp(`${key}|${basic}`));
      }
    expect(waits).to.deep.equal([]);
    expect((await errorOf(api({ key }).checkKey())).message).not.to.include(key);
  });

  it('refuses a key that the server takes for nobody', async () => {
    first({ status: 200, body: '{"data":{"viewer":null}}' });
    const error = await errorOf(api().checkKey());
    expect(error).to.include({ code: 'ERR_WANDB_KEY' });
    expect(error.message).to.include('does not know the API key');
  });

  it('gives up at once what will never work, and says what the server said', async () => {
    for (const status of [400, 404, 413]) {
      first({ status, body: '{"error":"bad project name"}' });
      const error = await errorOf(api().stream(place, {}));
      expect(error).to.include({ code: 'ERR_WANDB_REFUSED' });
      expect(error.message).to.include(
        `answered ${status} (it says: "bad project name") to a part of the history`,
      );
    }
    expect(waits).to.deep.equal([]);
  });

  it('follows no redirect, which could lead the key elsewhere', async () => {
    const elsewhere = await startWandbServer();
    try {
      first({ status: 302, headers: { location: `${elsewhere.url}/graphql` } });
      const error = await errorOf(api().checkKey());
      expect(error.message).to.include('answered 302 to the check of the key, a redirect.');
      expect(elsewhere.requests).to.have.length(0);
    } finally {
      await elsewhere.close();
    }
  });

  const passing: Readonly<Record<string, Reply>> = {
    'a server error': { status: 500, body: 'oops' },
    'a gateway that is down': { status: 502 },
    'a conflict': { status: 409 },
    'a cut connection': 'cut',
    'a page that is not JSON': { status: 200, body: '<html>sign in</html>' },
    'JSON that is not the answer': { status: 200, body: '{"data":{}}' },
    'no data at all': { status: 200, body: '{}' },
    'a number': { status: 200, body: '7' },
    'the key as a name': {
      status: 200,
      body: JSON.stringify({
        data: { upsertBucket: { bucket: { project: { name: 'p', entity: { name: GOOD_KEY } } } } },
      }),
    },
    'an error of GraphQL': { status: 200, body: '{"errors":[{"message":"try later"}]}' },
    'too many bytes': { status: 200, body: 'x'.repeat((4 << 20) + 1) },
  };
  for (const [what, reply] of Object.entries(passing))
    it(`tries again after ${what}, and tells of an outage once`, async () => {
      first(reply);
      await api().register(run);
      expect([outages.length, waits]).to.deep.equal([0, [1000]]);
      first(reply, reply, reply);
      await api().register(run);
      expect(outages).to.have.length(1);
      expect(outages[0]).to.include(`Weights & Biases at ${server.url}`);
      first(reply, reply, reply, reply, undefined);
      const error = await errorOf(api().register(run));
      expect(error).to.include({ code: 'ERR_WANDB_UNREACHABLE' });
      expect(error.message).to.match(/; tried 4 times\.$/);
    });

  it('waits as long as the server asks for', async () => {
    const date = new Date(Date.now() + 100_000).toUTCString();
    const asks = (seconds: string): Reply => ({ status: 429, headers: { 'retry-after': seconds } });
    first(asks('7'), asks(date), asks('soon'));
    await api().checkKey();
    expect(waits[0]).to.equal(7000);
    expect(waits[1]).to.be.within(90_000, 100_000);
    expect(waits[2]).to.equal(4000);
    first(asks('999999'));
    await api().checkKey();
    expect(waits[3]).to.equal(300_000);
  });

  it('waits for no answer for ever', async () => {
    server.intercept = () => 'hang';
    const error = await errorOf(api({ timeoutMs: 100, maxAttempts: 2 }).checkKey());
    expect(error.message).to.include('did not answer to the check of the key in time; tried 2 times');
    expect(server.requests).to.have.length(2);
  });

  it('says why nobody can be reached', async () => {
    const baseUrl = await deadAddress();
    const error = await errorOf(api({ baseUrl, maxAttempts: 1 }).checkKey());
    expect(error.message).to.equal(
      `Weights & Biases at ${baseUrl} cannot be reached (connect ECONNREFUSED ${baseUrl.slice(7)}); tried once.`,
    );
  });
});

function made(files: readonly object[]): Reply {
  return { status: 200, body: JSON.stringify({ data: { createRunFiles: { uploadHeaders: [], files } } }) };
}
