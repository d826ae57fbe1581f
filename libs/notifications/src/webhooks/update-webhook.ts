import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { Description, EventTypes, uniqueTypes, normalizeUrl, WebhookUrl } from './webhook-fields.ts';
import { generateSecret, WebhookSecret } from './webhook-secret.ts';
import { presentWebhook, type FoundWebhook, type WebhookWithSecret } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

export const WebhookUpdate = z
  .strictObject({
    url: WebhookUrl.optional(),
    event_types: EventTypes.optional(),
    description: Description.optional(),
    enabled: z
      .boolean('must be true or false')
      .optional()
      .meta({ description: 'True sends its pending deliveries at once' }),
    secret: WebhookSecret.optional(),
  })
  .refine(
    (update) => Object.keys(update).length > 0,
    'must have url, event_types, description, enabled or secret',
  )
  .meta({ id: 'WebhookUpdate', examples: [{ enabled: true }] });
export type WebhookUpdate = z.output<typeof WebhookUpdate>;

/** Partial update: omitted fields keep their value. Returns null if not found. */
export function updateWebhook(db: Queryable) {
  return function applyWebhookUpdate(
    orgId: number | null,
    id: string,
    { url, event_types, ...update }: WebhookUpdate,
  ): Promise<FoundWebhook | null> {
    return webhooks(db).update(orgId, id, {
      ...update,
      url: url && normalizeUrl(url),
      eventTypes: event_types && uniqueTypes(event_types),
    });
  };
}

export const NewSecret = z
  .strictObject({ secret: WebhookSecret.optional() })
  .meta({ id: 'NewSecret', examples: [{}] });
export type NewSecret = z.output<typeof NewSecret>;

/** Replaces the secret, which only this result shows. Returns null if not found. */
export function changeSecret(db: Queryable) {
  return async function storeNewSecret(
    orgId: number | null,
    id: string,
    { secret = generateSecret() }: NewSecret,
  ): Promise<WebhookWithSecret | null> {
    const updated = await webhooks(db).update(orgId, id, { secret });
    return updated && { ...presentWebhook(updated), secret };
  };
}
