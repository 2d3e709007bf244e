import { openLoopback } from '../../../src/link/loopback.js';
import { describeLink, ECHO_CLIENT } from '../../contract/link_suite.js';
import { echoService } from '../../support/link_echo.js';

describeLink('over a loopback', (timeoutMs) => {
  const { link, die } = openLoopback(ECHO_CLIENT, echoService(), timeoutMs);
  return Promise.resolve({
    link,
    place: 0,
    side: `loopback of client ${ECHO_CLIENT}`,
    die() {
      die(new Error('it was called dead'));
      return Promise.resolve();
    },
    close() {
      link.close();
      return Promise.resolve();
    },
  });
});
