import type { Queryable } from '@oriontel/database';
import type { ClassifiedRecord } from '../batches/classified-record.ts';
import { forwardings } from './forwarding.repository.ts';
import { toForwardings } from './to-forwardings.ts';
import { startForwarder, type Forwarder, type ForwarderOptions } from './start-forwarder.ts';
import { createSgapiClient } from './create-sgapi-client.ts';
import { FORWARD_SCHEDULE } from './forward-schedule.ts';

export interface SgapiForwarderOptions extends Omit<ForwarderOptions, 'client' | 'schedule' | 'intervalMs'> {
  url: string;
  /** Signs the requests. */
  secret: string;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Adds stored legs to the outbox, in the transaction that stores them. */
export function enqueueForwardings(tx: Queryable, records: ClassifiedRecord[]): Promise<void> {
  return forwardings(tx).insert(toForwardings(records));
}

/** Sends the outbox to the remote Service Gateway until it is stopped. */
export function startSgapiForwarder({ url, secret, ...options }: SgapiForwarderOptions): Forwarder {
  const client = createSgapiClient({
    url: new URL(url),
    secret,
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxConnections: options.concurrency,
  });
  const forwarder = startForwarder({ ...options, client, schedule: FORWARD_SCHEDULE });
  return {
    wake: forwarder.wake,
    async stop() {
      await forwarder.stop();
      client.close();
    },
  };
}
