import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { NotifiableEvent } from '../notifiable-event.ts';
import type { NotifierRule, NotifierRules } from '../notifier/notifier-rules.ts';
import { createWebhookDeliveries } from '../webhooks/create-webhook-deliveries.ts';
import { generateSecret } from '../webhooks/webhook-secret.ts';
import { webhooks, type NewWebhookRow } from '../webhooks/webhook.repository.ts';

/** The secret of the webhooks that `addWebhook` creates. */
export const SECRET = generateSecret();

const MAX_TEST_WEBHOOKS = 1_000;

/** Adds a webhook that subscribes to all events of organization 1 by default. Returns its id. */
export async function addWebhook(
  db: Database,
  url: string,
  overrides: Partial<NewWebhookRow> = {},
): Promise<string> {
  const defaults = { orgId: 1, eventTypes: ['*'], enabled: true, description: null, secret: SECRET };
  const row = { id: uuidv7(), url, ...defaults, ...overrides };
  const created = await db.$transaction((tx) => webhooks(tx).create(row, MAX_TEST_WEBHOOKS));
  return created!.id;
}

let eventCount = 0;

export function buildEvent(overrides: Partial<NotifiableEvent> = {}): NotifiableEvent {
  eventCount += 1;
  return {
    id: `evt-20240115-${eventCount}`,
    orgId: 1,
    entity: 'device/dev-001',
    type: 'registration',
    data: { ip: '192.0.2.7' },
    at: '2024-01-15T10:30:00Z',
    position: uuidv7(),
    ...overrides,
  };
}

/** Creates the webhook deliveries of `count` new events. Returns the ids of the events in order. */
export async function createTestDeliveries(
  db: Database,
  count: number,
  overrides: Partial<NotifiableEvent> = {},
): Promise<string[]> {
  const events = Array.from({ length: count }, () => buildEvent(overrides));
  await db.$transaction((tx) => createWebhookDeliveries(tx, events));
  return events.map(({ id }) => id);
}

export function buildRule(overrides: Partial<NotifierRule> = {}): NotifierRule {
  return {
    id: 'r1',
    name: 'Missed Call Alert',
    trigger: 'missed_call',
    channels: ['email'],
    template: 'Call from {{caller_id}}',
    enabled: true,
    recipients: ['ann@example.com'],
    smsTo: [],
    ...overrides,
  };
}

export function buildRules(overrides: Partial<NotifierRules> = {}): NotifierRules {
  return { rules: [buildRule()], quietHours: null, maxPerHour: 1_000, ...overrides };
}
