import { workerData, type MessagePort } from 'node:worker_threads';
import { serveThread } from '../../src/link/thread.js';
import { echoService } from './link_echo.js';

/** A worker thread with one echo service, whatever client is asked for. */
const service = echoService();
await serveThread((workerData as { port: MessagePort }).port, {
  start: () => Promise.resolve(),
  target: () => service,
  stop: () => Promise.resolve(),
});
