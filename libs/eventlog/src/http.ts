import { Failure, Id, MAX_ID } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
import {
  createOrganizationResolver,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { acceptEvent } from './events/accept-event.ts';
import type { AuditEvent } from './events/audit-event.ts';
import { findEvent } from './events/find-event.ts';
import { createNameLoader, type NameSources } from './events/load-names.ts';
import { NewEvent } from './events/new-event.ts';
import {
  CreatedEvent,
  EventLogEntry,
  FoundEvents,
  presentCreatedEvent,
  presentEntry,
  presentFoundEvents,
} from './events/present-event.ts';
import { searchEvents } from './search/search-events.ts';
import { SearchQuery } from './search/search-query.ts';

export interface EventlogRoutes {
  db: Database;
  intake: Pick<Intake<AuditEvent>, 'accept'>;
  organizationExists: OrganizationExists;
  names: NameSources;
}

const Organization = z.object({
  // Digits only: Number() also parses 0x10 and 1e3.
  orgId: z
    .string()
    .regex(/^\d{1,10}$/, `must be a whole number from 1 to ${MAX_ID}`)
    .transform(Number)
    .pipe(Id),
});
const Entry = Organization.extend({ eventLogId: z.string() });

const writers: Access = { roles: ['admin', 'manager', 'user'], scope: 'events:write' };
const readers: Access = { roles: ['admin', 'manager'] };

/** Routes of the audit log. */
export async function eventlogRoutes(app: HttpServer, routes: EventlogRoutes): Promise<void> {
  const { db, intake, organizationExists, names } = routes;
  const resolveOrganization = createOrganizationResolver(organizationExists);
  const accept = acceptEvent(intake);
  const find = findEvent(db);
  const search = searchEvents(db);
  const loadNames = createNameLoader(names);

  app.route({
    method: 'PUT',
    url: '/eventlog/:orgId',
    config: { family: 'platform', access: writers, limit: 'events', errors: ['not_found'] },
    schema: {
      tags: ['Event logging'],
      summary: 'Create an event log entry',
      params: Organization,
      body: NewEvent,
      response: { 200: CreatedEvent },
    },
    async handler({ params, principal, body, headers, id: requestId }) {
      const orgId = await resolveOrganization(principal, params.orgId);
      const userAgent = headers['user-agent'];
      return presentCreatedEvent(await accept({ orgId, principal, body, userAgent, requestId }));
    },
  });

  app.route({
    method: 'GET',
    url: '/eventlog/:orgId/:eventLogId',
    config: { family: 'platform', access: readers, limit: 'logs', errors: ['not_found'] },
    schema: {
      tags: ['Event logging'],
      summary: 'Get an event log entry',
      params: Entry,
      response: { 200: EventLogEntry },
    },
    async handler({ params, principal }) {
      const orgId = await resolveOrganization(principal, params.orgId);
      const event = await find(orgId, params.eventLogId);
      if (!event) throw new Failure('not_found', 'Event log entry not found.');
      return presentEntry(event, await loadNames(orgId, [event]));
    },
  });

  app.route({
    method: 'POST',
    url: '/eventlog/:orgId',
    config: { family: 'platform', access: readers, limit: 'logs', errors: ['not_found'] },
    schema: {
      tags: ['Event logging'],
      summary: 'Search event logs',
      params: Organization,
      // A missing body searches for everything.
      body: z.preprocess((body) => body ?? {}, SearchQuery),
      response: { 200: FoundEvents },
    },
    async handler({ params, principal, body }) {
      const orgId = await resolveOrganization(principal, params.orgId);
      const found = await search(orgId, body);
      return presentFoundEvents(found, await loadNames(orgId, found.events));
    },
  });
}
