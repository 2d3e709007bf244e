import type { CallGuard } from './call_guard.js';
import type { ClientService } from './messages.js';

/** Every method of a client. */
export const methods = [
  'classCounts',
  'createHead',
  'loadHead',
  'startVisit',
  'trainStep',
  'backStep',
  'trainAlone',
  'takeSpentMs',
  'sendHead',
  'receiveHead',
  'averageHead',
  'testActivations',
  'testBack',
  'testAlone',
  'testReport',
  'saveStates',
  'loadStates',
  'saveHead',
] as const satisfies readonly (keyof ClientService)[];
export type Method = (typeof methods)[number];
export type RequestOf<M extends Method> = Parameters<ClientService[M]>[0];
export type ReplyOf<M extends Method> = Awaited<ReturnType<ClientService[M]>>;

/**
 * How the server reaches one client: the client's service, wherever it lives.
 *
 * Every link keeps the same promises (`test/contract/link_suite.ts`): buffers of requests and replies are moved; calls
 * reach the client in the order they were made; an error keeps its class, code and details; a call never waits for ever, but rejects when the client's
 * side dies, or its deadline passes, or the link is closed.
 */
export interface Link extends ClientService {
  readonly client: number;
  /** Where it lives: clients of one place are saved to one file. */
  readonly place: number;
  /** Rejects what is under way and everything after. May be called again. */
  close(): void;
}

/** Carries one call to the other side; posts before it returns. */
export type Carry = <M extends Method>(method: M, request: RequestOf<M>) => Promise<ReplyOf<M>>;

/** A link made of a way to carry calls, each guarded. */
export function linkOver(
  { client, place }: Pick<Link, 'client' | 'place'>,
  carry: Carry,
  guard: CallGuard,
): Link {
  const call =
    <M extends Method>(method: M) =>
    (request: RequestOf<M>): Promise<ReplyOf<M>> =>
      guard.run(`client ${client}: ${method}`, () => carry(method, request));
  return {
    client,
    place,
    classCounts: call('classCounts'),
    createHead: call('createHead'),
    loadHead: call('loadHead'),
    startVisit: call('startVisit'),
    trainStep: call('trainStep'),
    backStep: call('backStep'),
    trainAlone: call('trainAlone'),
    takeSpentMs: call('takeSpentMs'),
    sendHead: call('sendHead'),
    receiveHead: call('receiveHead'),
    averageHead: call('averageHead'),
    testActivations: call('testActivations'),
    testBack: call('testBack'),
    testAlone: call('testAlone'),
    testReport: call('testReport'),
    saveStates: call('saveStates'),
    loadStates: call('loadStates'),
    saveHead: call('saveHead'),
    close: () => {
      guard.close();
    },
  };
}
