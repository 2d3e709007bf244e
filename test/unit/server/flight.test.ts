import { expect } from 'chai';
import { Flight } from '../../../src/server/flight.js';

/** Work whose end the test decides. */
function openWork<T>(): {
  readonly work: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const work = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { work, resolve, reject };
}

const outcomeOf = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe('Flight', () => {
  it('gives what the work gives, in the order in which it is waited for', async () => {
    const flight = new Flight();
    const [first, second] = [openWork<number>(), openWork<number>()];
    void flight.watch(first.work);
    void flight.watch(second.work);
    second.resolve(2);
    first.resolve(1);
    expect(await flight.wait(first.work)).to.equal(1);
    expect(await flight.wait(second.work)).to.equal(2);
  });

  it('fails a wait at once when other work fails', async () => {
    const flight = new Flight();
    const [waited, other] = [openWork<number>(), openWork<number>()];
    void flight.watch(waited.work);
    void flight.watch(other.work);
    const waiting = outcomeOf(flight.wait(waited.work));
    const lost = new Error('client 3 is lost');
    other.reject(lost);
    // `waited` never ends.
    expect(await waiting).to.equal(lost);
  });

  it('fails every wait after that with the first failure, also for work that is done', async () => {
    const flight = new Flight();
    const [done, first, second] = [openWork<number>(), openWork<number>(), openWork<number>()];
    for (const { work } of [done, first, second]) void flight.watch(work);
    done.resolve(1);
    const cause = new Error('the cause');
    first.reject(cause);
    second.reject(new Error('what comes of it'));
    await outcomeOf(second.work);
    expect(await outcomeOf(flight.wait(second.work))).to.equal(cause);
    expect(await outcomeOf(flight.wait(done.work))).to.equal(cause);
  });

  it('fails with what was waited for itself', async () => {
    const flight = new Flight();
    const { work, reject } = openWork<number>();
    const waiting = outcomeOf(flight.wait(flight.watch(work)));
    const error = new Error('own');
    reject(error);
    expect(await waiting).to.equal(error);
  });
});
