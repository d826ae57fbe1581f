import { EntityName, Failure, IdText, text } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  createOrganizationResolver,
  organizationToWrite,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { bespokeSettings } from './bespoke-setting.repository.ts';
import { NotifierSettings } from './notifier.ts';
import { QueueMonitorSettings } from './queue-monitor.ts';

export interface BespokeRoutes {
  db: Database;
  organizationExists: OrganizationExists;
}

const managers: Access = { roles: ['admin', 'manager'] };
const SuccessResponse = <T extends z.ZodType>(data: T) => z.object({ status: z.literal('success'), data });
const success = <T>(data: T) => ({ status: 'success' as const, data });

/**
 * Reads resolve the organization like writes: without org_id, an admin gets the default organization, not
 * all.
 */
const settingsOrganization = organizationToWrite;

/** Routes of settings that an organization defines itself: they are returned as stored. */
export async function bespokeRoutes(app: HttpServer, routes: BespokeRoutes): Promise<void> {
  await app.register(queueMonitorRoutes, routes);
  await app.register(notifierRoutes, routes);
}

const settingsNotFound = (): Failure => new Failure('not_found', 'No bespoke data found: store it with PUT.');

const QueueQuery = z.object({ org_id: IdText.optional(), queue_id: EntityName.optional() });

async function queueMonitorRoutes(app: HttpServer, { db, organizationExists }: BespokeRoutes): Promise<void> {
  const resolveOrganization = createOrganizationResolver(organizationExists);

  app.route({
    method: 'GET',
    url: '/bespoke/queuemon',
    config: { family: 'platform', access: 'signed-in', errors: ['not_found'] },
    schema: {
      tags: ['Bespoke data'],
      summary: 'Get queue monitor settings',
      querystring: QueueQuery,
      response: { 200: SuccessResponse(QueueMonitorSettings) },
    },
    async handler({ principal, query }) {
      const settings = bespokeSettings(db);
      const orgId = settingsOrganization(principal, query.org_id);
      // A queue without its own settings inherits those of its organization.
      const found =
        (query.queue_id && (await settings.find(orgId, 'queuemon', query.queue_id))) ||
        (await settings.find(orgId, 'queuemon'));
      if (!found) throw settingsNotFound();
      return success(QueueMonitorSettings.parse(found));
    },
  });

  app.route({
    method: 'PUT',
    url: '/bespoke/queuemon',
    config: { family: 'platform', access: managers, errors: ['not_found'] },
    schema: {
      tags: ['Bespoke data'],
      summary: 'Store queue monitor settings',
      querystring: QueueQuery,
      body: QueueMonitorSettings,
      response: { 200: SuccessResponse(QueueMonitorSettings) },
    },
    async handler({ principal, query, body }) {
      const orgId = await resolveOrganization(principal, query.org_id);
      await bespokeSettings(db).store(orgId, 'queuemon', body, query.queue_id);
      return success(body);
    },
  });
}

const NotifierQuery = z.object({
  org_id: IdText.optional(),
  type: text(64).optional().meta({ description: '404 unless a rule uses this channel' }),
});

async function notifierRoutes(app: HttpServer, { db, organizationExists }: BespokeRoutes): Promise<void> {
  const resolveOrganization = createOrganizationResolver(organizationExists);

  app.route({
    method: 'GET',
    url: '/bespoke/notifier',
    config: { family: 'platform', access: 'signed-in', errors: ['not_found'] },
    schema: {
      tags: ['Bespoke data'],
      summary: 'Get notifier settings',
      querystring: NotifierQuery,
      response: { 200: SuccessResponse(NotifierSettings) },
    },
    async handler({ principal, query: { org_id, type } }) {
      const found = await bespokeSettings(db).find(settingsOrganization(principal, org_id), 'notifier');
      if (!found) throw settingsNotFound();
      const settings = NotifierSettings.parse(found);
      if (type !== undefined && !usesChannel(settings, type)) throw settingsNotFound();
      return success(settings);
    },
  });

  app.route({
    method: 'PUT',
    url: '/bespoke/notifier',
    config: { family: 'platform', access: managers, errors: ['not_found'] },
    schema: {
      tags: ['Bespoke data'],
      summary: 'Store notifier settings',
      querystring: z.object({ org_id: IdText.optional() }),
      body: NotifierSettings,
      response: { 200: SuccessResponse(NotifierSettings) },
    },
    async handler({ principal, query, body }) {
      const orgId = await resolveOrganization(principal, query.org_id);
      await bespokeSettings(db).store(orgId, 'notifier', body);
      return success(body);
    },
  });
}

/** `type` selects settings, not rules: the platform document shows all rules for `type=sms`. */
function usesChannel({ notification_rules: rules }: NotifierSettings, channel: string): boolean {
  return rules.some(({ channels }) => (channels as string[]).includes(channel));
}
