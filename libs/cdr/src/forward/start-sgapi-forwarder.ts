import type { Queryable } from '@oriontel/database';
import type { ClassifiedRecord } from '../batches/classified-record.ts';
import { forwardings } from './forwarding.repository.ts';
import { toForwardings } from './to-forwardings.ts';
import { startForwarder, type Forwarder, type ForwarderOptions } from './start-forwarder.ts';
import { createSgapiClient } from './create-sgapi-client.ts';
import { RETRY_SCHEDULE } from './retry-schedule.ts';

export interface SgapiForwarderOptions extends Omit<ForwarderOptions, 'client' | 'schedule' | 'intervalMs'> {
  url: string;
  /** Signs what is sent. */
  secret: string;
}

/** Milliseconds for one request, connecting and the whole answer included. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Adds what was stored to the outbox, in the transaction that stores it. */
export function enqueueForwardings(tx: Queryable, records: ClassifiedRecord[]): Promise<void> {
  return forwardings(tx).insert(toForwardings(records));
}

/** Sends the outbox to the remote Service Gateway until it is stopped. */
export function startSgapiForwarder({ url, secret, ...options }: SgapiForwarderOptions): Forwarder {
  const { concurrency } = options;
  const post = createSgapiClient({
    url: new URL(url),
    secret,
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxConnections: concurrency,
  });
  const forwarding = startForwarder({ ...options, client: post, schedule: RETRY_SCHEDULE });
  return {
    wake: forwarding.wake,
    async stop() {
      await forwarding.stop();
      post.close();
    },
  };
}
