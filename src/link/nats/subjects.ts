/** Every subject of a run: who is asked what, who answers where. */
export interface Subjects {
  /** Requests of the server to a client, and its replies. */
  call(client: number): CallSubjects;
  /** What one client sends straight to another, and the receipts for it. */
  mail(from: number, to: number): CallSubjects;
  readonly serverBeat: string;
  beat(client: number): string;
  /** Matches the heartbeats of all. */
  readonly allBeats: string;
}

/** Where requests go, and where their replies come. */
export interface CallSubjects {
  readonly requests: string;
  readonly replies: string;
}

/** What a connection may publish and what it may subscribe to. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The subjects of the run with this name (letters and digits). */
export function subjectsOf(run: string): Subjects {
  const under = (rest: string) => `${prefixOf(run)}.${rest}`;
  return {
    call: (client) => ({ requests: under(`call.${client}`), replies: under(`answer.${client}`) }),
    mail: (from, to) => ({
      requests: under(`mail.${from}.${to}`),
      replies: under(`receipt.${from}.${to}`),
    }),
    serverBeat: under('beat.server'),
    beat: (client) => under(`beat.${client}`),
    allBeats: under('beat.*'),
  };
}

/** All that a client of the run needs, and no more. */
export function clientPermissions(run: string, client: number): Permissions {
  const under = (rest: string) => `${prefixOf(run)}.${rest}`;
  return {
    publish: [`answer.${client}`, `mail.${client}.*`, `receipt.*.${client}`, `beat.${client}`].map(under),
    subscribe: [`call.${client}`, `mail.*.${client}`, `receipt.${client}.*`, 'beat.*'].map(under),
  };
}

/** All that the server of the run needs: it can neither read nor send what goes between clients. */
export function serverPermissions(run: string): Permissions {
  const under = (rest: string) => `${prefixOf(run)}.${rest}`;
  return {
    publish: ['call.*', 'beat.server'].map(under),
    subscribe: ['answer.*', 'beat.*'].map(under),
  };
}

function prefixOf(run: string): string {
  return `bloom.${run}`;
}
