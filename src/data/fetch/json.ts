import { failedFetch, watchNetwork } from './network.js';

/** What an address answers, as JSON. Throws DataError `ERR_DOWNLOAD`. */
export async function fetchJson(address: string, stallMs: number): Promise<unknown> {
  const network = watchNetwork(address, stallMs, undefined);
  try {
    const response = await network.await(fetch(address, { signal: network.signal }));
    if (!response.ok)
      throw failedFetch(address, 'refused', `the server answered ${response.status} ${response.statusText}`);
    const text = await network.await(response.text());
    try {
      return JSON.parse(text);
    } catch (error) {
      throw failedFetch(address, 'refused', 'what it answers is not JSON', error);
    }
  } finally {
    network.end();
  }
}
