import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** `up` goes to the server behind it, `down` to who connected. */
export type Direction = 'up' | 'down';

/** Stands between a server on this host and those who connect to it. */
export interface TcpProxy {
  readonly port: number;
  /** Nothing is read in this direction any more, so that the sender's buffers fill up. Connections stay, and new ones are made. */
  hold(direction: Direction): void;
  /** What was held goes on, and what follows. */
  release(direction: Direction): void;
  /** Closes every connection too. */
  close(): Promise<void>;
}

/** Opens one to this port. Each direction of a connection carries at most so many bytes in a second. */
export async function openTcpProxy(serverPort: number, bytesPerS = Infinity): Promise<TcpProxy> {
  const held = new Set<Direction>();
  const released = new EventEmitter().setMaxListeners(0);
  const sockets = new Set<Socket>();
  const carry = async (from: Socket, to: Socket, direction: Direction) => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (bytesPerS !== Infinity) await setTimeout((1000 * chunk.length) / bytesPerS);
      while (held.has(direction)) await once(released, direction);
      if (!to.write(chunk)) await once(to, 'drain');
    }
  };
  const join = (from: Socket, to: Socket, direction: Direction) => {
    sockets.add(from);
    // A connection that breaks here breaks on the other side as well.
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    carry(from, to, direction).catch(() => to.destroy());
  };
  const listener = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    join(near, far, 'up');
    join(far, near, 'down');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    hold(direction) {
      held.add(direction);
    },
    release(direction) {
      held.delete(direction);
      released.emit(direction);
    },
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
