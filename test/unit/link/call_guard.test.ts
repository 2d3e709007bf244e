import { expect } from 'chai';
import { ClientLostError, DataError } from '../../../src/core/errors.js';
import { CallGuard } from '../../../src/link/call_guard.js';
import { rejection } from '../../support/link_errors.js';

const never = () => new Promise<never>(() => undefined);

describe('CallGuard', () => {
  /** Mocha starts its own timer once the test has returned a promise. */
  const numTimers = async () => {
    await Promise.resolve();
    return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  };

  it('passes values and errors on as they are, and leaves no timer', async () => {
    const guard = new CallGuard('thread 0', 60_000);
    const before = await numTimers();
    const value = { some: 'value' };
    expect(await guard.run('work', () => Promise.resolve(value))).to.equal(value);
    const error = new DataError('ERR_DATA', 'wrong');
    const outcome = await guard.run('work', () => Promise.reject(error)).catch((reason: unknown) => reason);
    expect(outcome).to.equal(error);
    expect(await numTimers()).to.equal(before);
  });

  it('says where an error came from that nobody raised on purpose', async () => {
    const guard = new CallGuard('thread 0', 60_000, { client: 4 });
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    for (const fail of [() => Promise.reject(new TypeError('words')), () => Promise.reject('words')]) {
      const error = await rejection(guard.run('work', fail), ClientLostError, 'ERR_CLIENT_FAILED');
      expect(error.message).to.equal('The thread 0 failed at "work": words.');
      expect(error.details).to.deep.equal({ client: 4, side: 'thread 0', what: 'work' });
    }
  });

  it('a failure ends every call with the side, what was done, and the cause', async () => {
    const guard = new CallGuard('thread 1 (clients 1, 3)', 60_000);
    const before = await numTimers();
    const calls = ['first', 'second'].map((what) =>
      rejection(guard.run(what, never), ClientLostError, 'ERR_CLIENT_LOST'),
    );
    const cause = new Error('out of memory');
    guard.fail(cause);
    const [first, second] = await Promise.all(calls);
    expect(first.message).to.equal(
      'The thread 1 (clients 1, 3) ended while waiting for "first": out of memory.',
    );
    expect(first.details).to.deep.equal({ side: 'thread 1 (clients 1, 3)', what: 'first' });
    expect(second.details.what).to.equal('second');
    expect(first.cause).to.equal(cause);
    expect(await numTimers()).to.equal(before);
  });

  it('does not even start a call after its end, whose first reason stays', async () => {
    const guard = new CallGuard('thread 0', 60_000);
    guard.fail(new Error('gone'));
    guard.fail(new Error('gone again'));
    guard.close();
    let isStarted = false;
    const call = guard.run('work', () => {
      isStarted = true;
      return Promise.resolve();
    });
    const error = await rejection(call, ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.message).to.include('gone.');
    expect(isStarted).to.equal(false);
  });

  it('closing ends every call, and an answer that comes after is not heard', async () => {
    const guard = new CallGuard('thread 0', 60_000);
    let answer: (value: string) => void = () => undefined;
    const call = guard.run('work', () => new Promise<string>((resolve) => (answer = resolve)));
    guard.close();
    answer('too late');
    const error = await rejection(call, ClientLostError, 'ERR_LINK_CLOSED');
    expect(error.details).to.deep.equal({ side: 'thread 0', what: 'work' });
  });

  it('a side that dies inside the call is not missed', async () => {
    const guard = new CallGuard('thread 0', 60_000);
    const call = guard.run('work', () => {
      guard.fail(new Error('died while it was posted'));
      return never();
    });
    await rejection(call, ClientLostError, 'ERR_CLIENT_LOST');
  });

  it('the deadline is each call for itself', async () => {
    const guard = new CallGuard('thread 0', 30);
    const error = await rejection(guard.run('slow', never), ClientLostError, 'ERR_CALL_TIMEOUT');
    expect(error.message).to.include('The thread 0 did not answer "slow" within 0.03 s.');
    expect(error.details).to.deep.equal({ side: 'thread 0', what: 'slow' });
    expect(await guard.run('quick', () => Promise.resolve(5))).to.equal(5);
  });
});
