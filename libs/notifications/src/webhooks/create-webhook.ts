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
    org_id: Id.optional().meta({ description: 'For admins: the organization whose events it is told' }),
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

/** The answer is the only one that shows the secret. @throws Failure conflict where there are too many. */
export function createWebhook(db: Database) {
  return async function insertWebhook(orgId: number, wanted: NewWebhook): Promise<WebhookWithSecret> {
    const { description = null, enabled, secret = generateSecret() } = wanted;
    const url = normalizeUrl(wanted.url);
    const eventTypes = uniqueTypes(wanted.event_types);
    const row = { id: uuidv7(), orgId, url, eventTypes, description, enabled, secret };
    const made = await db.$transaction((tx) => webhooks(tx).create(row, MAX_WEBHOOKS_PER_ORG));
    if (made) return { ...presentWebhook(made), secret };
    throw new Failure(
      'conflict',
      `An organization has at most ${MAX_WEBHOOKS_PER_ORG} webhooks: delete one that is not needed.`,
    );
  };
}
