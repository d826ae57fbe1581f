import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/**
 * Waits until the server responds to PING, after it has loaded its data. Rejects on abort and on a wrong
 * password.
 */
export async function awaitPing(url: string, signal: AbortSignal): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    const client = new Redis(url, {
      lazyConnect: true,
      retryStrategy: null,
      connectTimeout: 1_000,
      commandTimeout: 1_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.ping();
      return;
    } catch (error) {
      if (error instanceof Error && /WRONGPASS|invalid password/i.test(error.message)) throw error;
      await sleep(20);
    } finally {
      client.disconnect();
    }
  }
}
