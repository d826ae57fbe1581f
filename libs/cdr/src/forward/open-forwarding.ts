import type { Queryable } from '@oriontel/database';
import { forwardings, type NewForwarding } from './forwarding.repository.ts';
import { keepForwarding, type Forwarding, type ForwardingOptions } from './keep-forwarding.ts';
import { openPost } from './open-post.ts';
import { SCHEDULE } from './schedule.ts';

export interface RemoteGateway extends Omit<ForwardingOptions, 'post' | 'schedule' | 'interval'> {
  url: string;
  /** Signs what is sent. */
  secret: string;
}

/** Milliseconds for one request, connecting and the whole answer included. */
const TIMEOUT = 10_000;

/** Puts what was stored into the outbox, inside the transaction that stores it. */
export const noteForwardings = (tx: Queryable, batches: NewForwarding[]): Promise<void> =>
  forwardings(tx).insert(batches);

/** Sends the outbox to the remote Service Gateway until it is stopped. */
export const openForwarding = ({ url, secret, ...options }: RemoteGateway): Forwarding => {
  const { concurrency } = options;
  const post = openPost({ url: new URL(url), secret, timeout: TIMEOUT, connections: concurrency });
  const forwarding = keepForwarding({ ...options, post, schedule: SCHEDULE });
  return {
    nudge: forwarding.nudge,
    stop: async () => {
      await forwarding.stop();
      post.close();
    },
  };
};
