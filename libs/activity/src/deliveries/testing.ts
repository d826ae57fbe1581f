import type { Database } from '@oriontel/database';
import { openLog } from '@oriontel/service';
import { v7 as uuidv7 } from 'uuid';
import type { AcceptedEvent } from '../events/entity-event.ts';
import { openWebhookSender } from '../webhooks/open-webhook-sender.ts';
import { planWebhooks } from '../webhooks/plan-webhooks.ts';
import { mintSecret } from '../webhooks/webhook-secret.ts';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { openDeliveries, type DeliveriesOptions } from './open-deliveries.ts';

/** Tries again soon, and never gives up while a test lasts. */
export const IMPATIENT = { first: 0.05, longest: 0.2, giveUp: 3_600, giveUpEmail: 3_600 };

/** A worker's deliveries, to receivers of this machine; to none of them where it `isGuarded`. */
export const openTestDeliveries = (
  db: Database,
  { isGuarded = false, ...more }: Partial<DeliveriesOptions> & { isGuarded?: boolean } = {},
) =>
  openDeliveries({
    db,
    senders: { webhook: openWebhookSender({ allowPrivate: !isGuarded, timeout: 10_000 }).send },
    log: openLog('test', 'silent'),
    schedule: IMPATIENT,
    interval: 50,
    ...more,
  });

export const SECRET = mintSecret();

/** A webhook for everything that happens to an organization; returns its id. */
export const addWebhook = async (
  db: Database,
  url: string,
  more: Partial<Parameters<ReturnType<typeof webhooks>['create']>[0]> = {},
): Promise<string> => {
  const rest = { eventTypes: ['*'], enabled: true, description: null, secret: SECRET, ...more };
  const row = { id: uuidv7(), orgId: 1, url, ...rest };
  const made = await db.$transaction((tx) => webhooks(tx).create(row, 1_000));
  return made!.id;
};

let count = 0;

export const buildEvent = (more: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  id: `evt-20240115-${(count += 1)}`,
  orgId: 1,
  entity: 'device/dev-001',
  type: 'registration',
  data: { ip: '192.0.2.7' },
  at: '2024-01-15T10:30:00Z',
  notify: true,
  position: uuidv7(),
  acceptedAt: new Date(),
  ...more,
});

/** So many events, handed to the webhooks that want them; returns their ids in order. */
export const handOver = async (
  db: Database,
  many: number,
  more: Partial<AcceptedEvent> = {},
): Promise<string[]> => {
  const events = Array.from({ length: many }, () => buildEvent(more));
  await db.$transaction((tx) => planWebhooks(tx, events));
  return events.map(({ id }) => id);
};
