import { Failure, pageQuery, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  organizationToRead,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { deliveryAttempts } from '../deliveries/delivery-attempt.repository.ts';
import { deliveryStates } from '../deliveries/delivery.ts';
import { deliveries } from '../deliveries/delivery.repository.ts';
import { Delivery, presentAttempt, presentDelivery, TracedDelivery } from '../deliveries/found-delivery.ts';
import { DeliveryPath, WebhookPath } from './path-ids.ts';
import { assertEnabled, Replay, replayDeliveries, replayDelivery } from './replay-deliveries.ts';
import { testWebhook } from './test-webhook.ts';
import { manageAccess, webhookNotFound } from './webhook-routes.ts';
import type { FoundWebhook } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

const { limit, offset } = pageQuery;
const DeliveryQuery = z.strictObject({
  limit,
  offset,
  state: z.enum(deliveryStates, `must be ${deliveryStates.join(', ')}`).optional(),
});
const Replayed = z
  .object({ pending: z.int().meta({ description: 'Number of pending deliveries of that time' }) })
  .meta({ id: 'Replayed', examples: [{ pending: 12 }] });

const tags = ['Webhooks'];
const deliveryNotFound = (): Failure => new Failure('not_found', 'No such delivery.');

/** Deliveries of webhooks, and their attempts. */
export async function deliveryRoutes(app: HttpServer, { db }: { db: Database }): Promise<void> {
  const createTestDelivery = testWebhook(db);
  const replayAll = replayDeliveries(db);
  const replayOne = replayDelivery(db);

  async function findWebhook(principal: Principal, id: string): Promise<FoundWebhook> {
    const found = await webhooks(db).find(organizationToRead(principal), id);
    if (!found) throw webhookNotFound();
    return found;
  }

  app.route({
    method: 'GET',
    url: '/webhooks/:id/deliveries',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'List deliveries of a webhook',
      params: WebhookPath,
      querystring: DeliveryQuery,
      response: { 200: EnvelopedPage(Delivery) },
    },
    async handler({ principal, params, query }) {
      const { orgId, id } = await findWebhook(principal, params.id);
      return envelopePage(await deliveries(db).list(orgId, id, query, query), query, presentDelivery);
    },
  });

  app.route({
    method: 'GET',
    url: '/webhooks/:id/deliveries/:deliveryId',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'Get a delivery with its attempts',
      params: DeliveryPath,
      response: { 200: Enveloped(TracedDelivery) },
    },
    async handler({ principal, params }) {
      const { orgId, id } = await findWebhook(principal, params.id);
      const found = await deliveries(db).find(orgId, id, params.deliveryId);
      if (!found) throw deliveryNotFound();
      const tries = (await deliveryAttempts(db).listByDelivery(found.id)).map(presentAttempt);
      return envelope({ ...presentDelivery(found), tries });
    },
  });

  app.route({
    method: 'POST',
    url: '/webhooks/:id/deliveries/:deliveryId/replay',
    config: { family: 'oriontel', access: manageAccess, errors: ['conflict'] },
    schema: {
      tags,
      summary: 'Replay a delivery',
      params: DeliveryPath,
      response: { 200: Enveloped(Delivery) },
    },
    async handler({ principal, params }) {
      const webhook = await findWebhook(principal, params.id);
      if (!(await deliveries(db).find(webhook.orgId, webhook.id, params.deliveryId)))
        throw deliveryNotFound();
      assertEnabled(webhook);
      const replayed = await replayOne(webhook, params.deliveryId);
      if (!replayed) throw deliveryNotFound();
      return envelope(presentDelivery(replayed));
    },
  });

  app.route({
    method: 'POST',
    url: '/webhooks/:id/replay',
    config: { family: 'oriontel', access: manageAccess, errors: ['conflict'] },
    schema: {
      tags,
      summary: 'Replay deliveries of a webhook',
      params: WebhookPath,
      body: Replay,
      response: { 200: Enveloped(Replayed) },
    },
    async handler({ principal, params, body }) {
      const webhook = await findWebhook(principal, params.id);
      assertEnabled(webhook);
      return envelope({ pending: await replayAll(webhook, body) });
    },
  });

  app.route({
    method: 'POST',
    url: '/webhooks/:id/test',
    config: { family: 'oriontel', access: manageAccess, errors: ['conflict'] },
    schema: {
      tags,
      summary: 'Send a webhook a test event',
      params: WebhookPath,
      response: { 201: Enveloped(Delivery) },
    },
    async handler({ principal, params }, reply) {
      const webhook = await findWebhook(principal, params.id);
      assertEnabled(webhook);
      return reply.code(201).send(envelope(presentDelivery(await createTestDelivery(webhook))));
    },
  });
}
