import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_INTERVAL_MS = 50;
const REQUEST_TIMEOUT_MS = 2_000;

/** Polls the URL until it responds with 200. Rejects on abort. */
export async function pollReady(url: string, signal: AbortSignal): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    if ((await statusOf(url)) === 200) return;
    await sleep(POLL_INTERVAL_MS);
  }
}

/**
 * Without fetch, whose pooled connection would delay the shutdown of the app. Undefined if there is no
 * response.
 */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: REQUEST_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
