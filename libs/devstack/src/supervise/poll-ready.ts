import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the address answers 200. Rejects on abort. */
export async function pollReady(url: string, signal: AbortSignal): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    if ((await statusOf(url)) === 200) return;
    await pause(50);
  }
}

/** node:http and not fetch: a connection kept open by fetch's pool would make the app's shutdown wait for it. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
