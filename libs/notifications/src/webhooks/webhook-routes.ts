import { Failure, pageQuery } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  createOrganizationResolver,
  organizationToRead,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { createWebhook, NewWebhook } from './create-webhook.ts';
import { WebhookPath } from './path-ids.ts';
import { changeSecret, NewSecret, updateWebhook, WebhookUpdate } from './update-webhook.ts';
import { presentWebhook, Webhook, WebhookWithSecret } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

export interface WebhookRoutes {
  db: Database;
  organizationExists: OrganizationExists;
}

export const manageAccess: Access = { roles: ['admin', 'manager'] };
export function webhookNotFound(): Failure {
  return new Failure('not_found', 'No such webhook.');
}
const tags = ['Webhooks'];

/** Webhooks: URLs that receive the events of an organization. */
export async function webhookRoutes(
  app: HttpServer,
  { db, organizationExists }: WebhookRoutes,
): Promise<void> {
  const organizationOf = createOrganizationResolver(organizationExists);
  const create = createWebhook(db);
  const update = updateWebhook(db);
  const change = changeSecret(db);

  app.route({
    method: 'POST',
    url: '/webhooks',
    config: { family: 'oriontel', access: manageAccess, errors: ['conflict', 'not_found'] },
    schema: {
      tags,
      summary: 'Create a webhook',
      body: NewWebhook,
      response: { 201: Enveloped(WebhookWithSecret) },
    },
    async handler({ principal, body }, reply) {
      return reply.code(201).send(envelope(await create(await organizationOf(principal, body.org_id), body)));
    },
  });

  app.route({
    method: 'GET',
    url: '/webhooks',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'List webhooks',
      querystring: z.strictObject(pageQuery),
      response: { 200: EnvelopedPage(Webhook) },
    },
    async handler({ principal, query }) {
      const found = await webhooks(db).list(organizationToRead(principal, query.org_id), query);
      return envelopePage(found, query, presentWebhook);
    },
  });

  app.route({
    method: 'GET',
    url: '/webhooks/:id',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'Get a webhook',
      params: WebhookPath,
      response: { 200: Enveloped(Webhook) },
    },
    async handler({ principal, params }) {
      const found = await webhooks(db).find(organizationToRead(principal), params.id);
      if (!found) throw webhookNotFound();
      return envelope(presentWebhook(found));
    },
  });

  app.route({
    method: 'PUT',
    url: '/webhooks/:id',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'Update a webhook',
      params: WebhookPath,
      body: WebhookUpdate,
      response: { 200: Enveloped(Webhook) },
    },
    async handler({ principal, params, body }) {
      const updated = await update(organizationToRead(principal), params.id, body);
      if (!updated) throw webhookNotFound();
      return envelope(presentWebhook(updated));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/webhooks/:id',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'Delete a webhook and its pending deliveries',
      params: WebhookPath,
      response: { 204: z.undefined() },
    },
    async handler({ principal, params }, reply) {
      if (!(await webhooks(db).delete(organizationToRead(principal), params.id))) throw webhookNotFound();
      return reply.code(204).send();
    },
  });

  app.route({
    method: 'POST',
    url: '/webhooks/:id/secret',
    config: { family: 'oriontel', access: manageAccess },
    schema: {
      tags,
      summary: 'Replace the secret of a webhook',
      params: WebhookPath,
      body: NewSecret,
      response: { 200: Enveloped(WebhookWithSecret) },
    },
    async handler({ principal, params, body }) {
      const changed = await change(organizationToRead(principal), params.id, body);
      if (!changed) throw webhookNotFound();
      return envelope(changed);
    },
  });
}
