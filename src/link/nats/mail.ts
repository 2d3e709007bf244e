import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '../../core/errors.js';
import type { Parcel, RefusedParcel } from '../parcels.js';
import { movables } from '../wire.js';
import { openCaller, type Caller } from './caller.js';
import type { Closable, Connection } from './connection.js';
import { decodeMessage, encodeMessage } from './message_bytes.js';
import type { ParcelContext } from './parcel_context.js';
import { serveCalls } from './responder.js';
import { openParcel, sealParcel, type Correspondence } from './sealed.js';
import { newSession } from './session.js';
import { subjectsOf } from './subjects.js';

export interface MailOptions {
  /** Of the client's thread: its parcels come out, those of others are put in. */
  readonly port: MessagePort;
  readonly client: number;
  readonly numClients: number;
  readonly correspondence: Correspondence;
  /** Names this start of the run. */
  readonly start: string;
  readonly generation: number;
  readonly retryMs: number;
  /** Told of what was refused, on either side. */
  readonly warn: (message: string) => void;
}

/**
 * Carries parcels between the thread of one client and the other clients: sealed for the receiver and signed, so that neither
 * server nor broker can read or change them. A parcel is sent until the receiver has confirmed its SHA-256. One that cannot be opened
 * reaches the thread as refused.
 */
export function openMail(connection: Connection, options: MailOptions): Closable {
  const { port, client, numClients, correspondence, start, generation, retryMs, warn } = options;
  const subjects = subjectsOf(correspondence.peers.runName);
  const run = `${correspondence.peers.runName} ${start}`;
  const others = Array.from({ length: numClients }, (_, other) => other).filter((other) => other !== client);
  const callers = new Map<number, Caller>();
  const callerTo = (to: number) => {
    const open = () =>
      openCaller(connection, { ...subjects.mail(client, to), session: newSession(), retryMs });
    const caller = callers.get(to) ?? open();
    callers.set(to, caller);
    return caller;
  };

  const send = async (parcel: Parcel) => {
    const { step, round, from, to, sha256 } = parcel;
    const kind = 'vectors' in parcel ? 'sum' : 'head';
    const context: ParcelContext = { run, kind, generation: parcel.generation, step, round, from, to };
    const sealed = sealParcel(encodeMessage(parcel).bytes, correspondence, context);
    const receipt = await callerTo(to).call({ sealed: sealed.buffer });
    if ((receipt as { readonly sha256?: unknown } | null)?.sha256 !== sha256)
      throw new Error(`client ${to} confirmed another SHA-256 than the parcel's`);
  };
  port.on('message', (parcel: Parcel) => {
    send(parcel).catch((error: unknown) => {
      if (!isClosed)
        warn(`What client ${client} sent to client ${parcel.to} did not arrive: ${messageOf(error)}`);
    });
  });

  const receive = (from: number, message: unknown): { readonly sha256: string } => {
    try {
      const { sealed } = (message ?? {}) as { readonly sealed?: unknown };
      const bytes = sealed instanceof ArrayBuffer ? new Uint8Array(sealed) : new Uint8Array();
      const opened = openParcel(bytes, correspondence, { run, generation, from, to: client });
      const parcel = decodeMessage(opened) as Parcel;
      port.postMessage(parcel, movables(parcel));
      return { sha256: parcel.sha256 };
    } catch (error) {
      warn(messageOf(error));
      const refused: RefusedParcel = { from, to: client, refused: messageOf(error) };
      port.postMessage(refused);
      throw error;
    }
  };
  const boxes = others.map((from) =>
    serveCalls(connection, subjects.mail(from, client), (message) =>
      Promise.resolve().then(() => receive(from, message)),
    ),
  );
  let isClosed = false;
  return {
    close() {
      isClosed = true;
      for (const each of [...boxes, ...callers.values()]) each.close();
    },
  };
}
