import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { smallCifar } from '../support/cifar_files.js';
import { bloom, bloomOutput, newFolder, removeFolders, repoRoot, trainOnce } from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';
import {
  fashionMnistNames,
  hasFashionMnist,
  installedFashionMnist,
  publishedFashionMnist,
} from '../support/fashion_mnist.js';
import { sendBytes, sendStatus, withFileServer, type Answer } from '../support/file_server.js';
import { sampleBytes } from '../support/source_files.js';

const [firstName] = fashionMnistNames;

function fetchingArgs(mirror: string): readonly string[] {
  return ['data', '--dataset', 'fashion_mnist', '--data-mirror', mirror, '--datasets-dir', 'sets'];
}

/** What a run says that must fail, and what it leaves in its place for the data set. */
async function refusedFetch(answer: Answer, cwd = newFolder()): Promise<{ stderr: string; left: string[] }> {
  return withFileServer(answer, async ({ address }) => {
    const { exitCode, stdout, stderr } = await bloom(fetchingArgs(address), { cwd });
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal('');
    return { stderr, left: readdirSync(join(cwd, 'sets', 'fashion_mnist')) };
  });
}

describe('data that is not there yet', () => {
  after(removeFolders);

  it('is refused where the mirror has other files, and nothing of them is left', async () => {
    const { stderr, left } = await refusedFetch((response, request) => {
      sendBytes(response, request, sampleBytes(100));
    });
    expectOneMessage(stderr);
    expect(stderr).to.match(/is not the published "train-images-idx3-ubyte\.gz"/);
    expect(stderr).to.include('it has 100 bytes instead of 26421880');
    expect(left).to.deep.equal([]);
  });

  it('is refused where a checksum is wrong, and nothing of the file is left', async () => {
    const cwd = newFolder();
    const folder = join(cwd, 'sets', 'fashion_mnist');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, firstName), 'it is not this one that is missing');
    const { stderr, left } = await refusedFetch((response, request) => {
      sendBytes(response, request, sampleBytes(29_515));
    }, cwd);
    expect(stderr)
      .to.match(
        /error: .* is not the published "train-labels-idx1-ubyte\.gz": its SHA-256 is [0-9a-f]{64} instead of/,
      )
      .and.include('a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845')
      .and.include('`data_mirror`');
    expect(left).to.deep.equal([firstName]);
  });

  it('and cannot be fetched: the message has the address, the place, and both ways', async () => {
    const cwd = newFolder();
    const { stderr, left } = await refusedFetch((response) => {
      sendStatus(response, 404);
    }, cwd);
    expectOneMessage(stderr);
    expect(stderr)
      .to.include('the server answered 404')
      .and.include('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/')
      .and.include('`make data DATASET=fashion_mnist`')
      .and.include(`put ${fashionMnistNames.join(', ')} into "${join(cwd, 'sets', 'fashion_mnist')}"`)
      .and.include('`data_dir`');
    expect(left).to.deep.equal([]);
  });

  it('is refused where the mirror is no address', async () => {
    const { exitCode, stderr } = await bloom(fetchingArgs('mirror'), { cwd: newFolder() });
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(
      /^error: `data_mirror` is a value of another kind .* an address without user name/,
    );
  });
});

describe('the real Fashion-MNIST', () => {
  before(function () {
    if (hasFashionMnist) return;
    console.log(`    skipped: there is no Fashion-MNIST in ${installedFashionMnist}`);
    this.skip();
  });
  after(removeFolders);

  const serve: Answer = (response, request) => {
    sendBytes(response, request, publishedFashionMnist((request.url ?? '').slice(1)));
  };

  it('is fetched by two processes at once, each of which finds it whole', () =>
    withFileServer(serve, async ({ address }) => {
      const cwd = newFolder();
      const outcomes = await Promise.all([1, 2].map(() => bloom(fetchingArgs(address), { cwd })));
      for (const { stdout, stderr, exitCode } of outcomes) {
        expect(exitCode, stderr).to.equal(0);
        expect(stdout).to.include('60000 training and 10000 test pictures').and.include('checksums verified');
        expect(stderr).to.match(/^(Fetching .*\n)*$/);
      }
      const left = readdirSync(join(cwd, 'sets', 'fashion_mnist'));
      expect(left.toSorted()).to.deep.equal(fashionMnistNames.toSorted());
    }));

  it('is fetched further where an earlier process was killed', async () => {
    const cwd = newFolder();
    const folder = join(cwd, 'sets', 'fashion_mnist');
    mkdirSync(folder, { recursive: true });
    const standstill: Answer = (response) => {
      const bytes = publishedFashionMnist(firstName);
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 10_000_000));
    };
    await withFileServer(standstill, async ({ address }) => {
      const written = firstChange(folder, /\.part$/);
      const main = join(repoRoot, 'build', 'src', 'main.js');
      const child = spawn(process.execPath, [main, ...fetchingArgs(address)], { cwd, stdio: 'ignore' });
      const closed = once(child, 'close');
      await written;
      child.kill('SIGKILL');
      await closed;
    });
    await withFileServer(serve, async ({ address, requests }) => {
      const { exitCode, stdout, stderr } = await bloom(fetchingArgs(address), { cwd });
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.include('checksums verified');
      expect(requests[0]).to.match(new RegExp(`^/${firstName} bytes=[1-9]\\d*-$`));
      expect(requests).to.have.lengthOf(4);
    });
    expect(readdirSync(folder).toSorted()).to.deep.equal(fashionMnistNames.toSorted());
    // Now without any server.
    const stdout = await bloomOutput(fetchingArgs('http://127.0.0.1:9/'), { cwd });
    expect(stdout).to.include(`in ${folder}: checksums verified`);
  });
});

describe("CIFAR-10 of one's own", () => {
  after(removeFolders);

  it('is checked for structure, said to be unverified, and trained on', async () => {
    const cwd = newFolder();
    mkdirSync(join(cwd, 'mine'));
    for (const [name, bytes] of Object.entries(smallCifar(8))) writeFileSync(join(cwd, 'mine', name), bytes);
    const data = ['--dataset', 'cifar10', '--data-dir', 'mine'];
    const stdout = await bloomOutput(['data', ...data], { cwd });
    expect(stdout)
      .to.match(/^cifar10: 40 training and 8 test pictures of .*, 10 classes$/m)
      .and.include(join(cwd, 'mine'))
      .and.include('not the official files');
    const trained = await trainOnce([...data, '--n-epochs', '1', '--n-workers', '2', '--plots', 'false'], {
      cwd,
    });
    expect(trained.stdout).to.include('unverified');
  });
});

/** Waits until something is written to a file of such a name in a folder. */
async function firstChange(folder: string, name: RegExp): Promise<void> {
  for await (const { eventType, filename } of watch(folder))
    if (eventType === 'change' && name.test(filename ?? '')) return;
}
