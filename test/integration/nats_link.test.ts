import { CallGuard } from '../../src/link/call_guard.js';
import { openCaller } from '../../src/link/nats/caller.js';
import { connectNats } from '../../src/link/nats/connection.js';
import { linkHandler, openNatsLink } from '../../src/link/nats/nats_link.js';
import { serveCalls } from '../../src/link/nats/responder.js';
import { newSession } from '../../src/link/nats/session.js';
import { subjectsOf } from '../../src/link/nats/subjects.js';
import { describeLink, ECHO_CLIENT, type OpenedLink } from '../contract/link_suite.js';
import { echoService } from '../support/link_echo.js';
import { describeWithNatsServer, startNatsServer, type NatsServer } from '../support/nats_server.js';

describeWithNatsServer('over a real nats-server', () => {
  let broker: NatsServer;
  before(async () => (broker = await startNatsServer()));
  after(() => broker.close());

  const paths = { toName: (path: string) => path, toPath: (name: string) => name };

  describeLink('over NATS', async (timeoutMs): Promise<OpenedLink> => {
    const open = (name: string) =>
      connectNats({
        servers: [broker.url],
        seed: undefined,
        tls: undefined,
        name,
        onStatus(status) {
          if (status.type === 'refused') throw status.error;
        },
      });
    const subjects = subjectsOf('0123456789abcdef').call(ECHO_CLIENT);
    const [server, client] = [await open('server'), await open('client')];
    const served = serveCalls(client, subjects, linkHandler(echoService(), paths));
    await client.flush();
    const side = `client ${ECHO_CLIENT} on another host`;
    const caller = openCaller(server, { ...subjects, session: newSession(), retryMs: 2000 });
    const guard = new CallGuard(side, timeoutMs, { client: ECHO_CLIENT });
    const link = openNatsLink({ client: ECHO_CLIENT, place: ECHO_CLIENT }, caller, guard, paths);
    return {
      link,
      place: ECHO_CLIENT,
      side,
      // As the server does: the end of its heartbeats is told to the link.
      async die() {
        await client.close();
        guard.fail(new Error('its heartbeats ended'));
      },
      async close() {
        link.close();
        caller.close();
        served.close();
        await Promise.all([server.close(), client.close()]);
      },
    };
  });
});
