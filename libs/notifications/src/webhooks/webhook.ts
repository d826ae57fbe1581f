import { isoTime, isoTimeOrNull } from '@oriontel/contracts';
import { z } from 'zod';

/** Subscribes to every event of its organization. */
export const EVERY_TYPE = '*';
/** A text message for the webhook to send; `*` does not include it. */
export const SMS_TYPE = 'notification.sms';
/** A test delivery to one webhook, on request. */
export const TEST_TYPE = 'webhook.test';
/** Not allowed as types of events. */
export const RESERVED_TYPES: readonly string[] = [SMS_TYPE, TEST_TYPE];

/** Each event may be stored once per webhook. */
export const MAX_WEBHOOKS_PER_ORG = 20;

export interface FoundWebhook {
  id: string;
  orgId: number;
  url: string;
  eventTypes: string[];
  description: string | null;
  enabled: boolean;
  disabledReason: string | null;
  failures: number;
  failingSince: Date | null;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const example = {
  id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  org_id: 12345,
  url: 'https://hooks.example.com/oriontel',
  event_types: ['registration_failed', 'gateway_down'],
  description: 'On-call desk',
  enabled: true,
  disabled_reason: null,
  consecutive_failures: 0,
  failing_since: null,
  last_success_at: '2024-01-15T10:30:00Z',
  last_failure_at: null,
  created_at: '2024-01-15T10:30:00Z',
  updated_at: '2024-01-15T10:30:00Z',
};

/** A webhook as the API presents it, without its secret. */
export const Webhook = z
  .object({
    id: z.uuid(),
    org_id: z.int(),
    url: z.string(),
    event_types: z.array(z.string()),
    description: z.string().nullable(),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable().meta({ description: 'Why it was disabled because of failures' }),
    consecutive_failures: z.int(),
    failing_since: z.iso.datetime().nullable(),
    last_success_at: z.iso.datetime().nullable(),
    last_failure_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Webhook', examples: [example] });
export type Webhook = z.output<typeof Webhook>;

/** The response to creating a webhook or changing its secret. */
export const WebhookWithSecret = Webhook.extend({
  secret: z.string().meta({ description: 'Shown once; verifies the signatures of messages' }),
}).meta({
  id: 'WebhookWithSecret',
  examples: [{ ...example, secret: 'whsec_bm90IGEgc2VjcmV0LCBidXQgbG9uZyBlbm91Z2ggdG8gYmU=' }],
});
export type WebhookWithSecret = z.output<typeof WebhookWithSecret>;

export function presentWebhook(found: FoundWebhook): Webhook {
  return {
    id: found.id,
    org_id: found.orgId,
    url: found.url,
    event_types: found.eventTypes,
    description: found.description,
    enabled: found.enabled,
    disabled_reason: found.disabledReason,
    consecutive_failures: found.failures,
    failing_since: isoTimeOrNull(found.failingSince),
    last_success_at: isoTimeOrNull(found.lastSuccessAt),
    last_failure_at: isoTimeOrNull(found.lastFailureAt),
    created_at: isoTime(found.createdAt),
    updated_at: isoTime(found.updatedAt),
  };
}
