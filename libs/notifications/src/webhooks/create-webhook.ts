import { Failure, Id } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Description, EventTypes, uniqueTypes, normalizeUrl, WebhookUrl } from './webhook-fields.ts';
import { generateSecret, WebhookSecret } from './webhook-secret.ts';
import { MAX_WEBHOOKS_PER_ORG, presentWebhook, type WebhookWithSecret } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

export const NewWebhook = z
  .strictObject({
    url: WebhookUrl,
    event_types: EventTypes,
    description: Description.optional(),
    enabled: z.boolean('must be true or false').default(true),
    secret: WebhookSecret.optional(),
    org_id: Id.optional().meta({ description: 'For admins: the organization whose events it receives' }),
  })
  .meta({
    id: 'NewWebhook',
    examples: [
      {
        url: 'https://hooks.example.com/oriontel',
        event_types: ['registration_failed', 'gateway_down'],
        description: 'On-call desk',
      },
    ],
  });
export type NewWebhook = z.output<typeof NewWebhook>;

/**
 * The result includes the secret, which no other response shows.
 * @throws Failure conflict at the maximum number
 */
export function createWebhook(db: Database) {
  return async function insertWebhook(orgId: number, input: NewWebhook): Promise<WebhookWithSecret> {
    const { description = null, enabled, secret = generateSecret() } = input;
    const url = normalizeUrl(input.url);
    const eventTypes = uniqueTypes(input.event_types);
    const row = { id: uuidv7(), orgId, url, eventTypes, description, enabled, secret };
    const created = await db.$transaction((tx) => webhooks(tx).create(row, MAX_WEBHOOKS_PER_ORG));
    if (created) return { ...presentWebhook(created), secret };
    throw new Failure(
      'conflict',
      `An organization can have at most ${MAX_WEBHOOKS_PER_ORG} webhooks: delete one first.`,
    );
  };
}
