import type { Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
import { isAdmin, type Access, type HttpServer, type OrganizationExists } from '@oriontel/service';
import { formatEntityRef, parseEntityRef } from '../entities/entity.ts';
import { entityOrganization } from '../entities/entity-organization.ts';
import type { OwnersElsewhere } from '../entities/entity-owners.ts';
import { EntityPath, OwnerQuery } from '../entities/entity-path.ts';
import { acceptEntityEvent } from './accept-entity-event.ts';
import { countNotifications, type CountDeliveries } from './count-notifications.ts';
import type { EntityEvent } from './entity-event.ts';
import { entityEvents } from './entity-event.repository.ts';
import { NewEntityEvent } from './new-entity-event.ts';
import {
  CreatedEntityEvent,
  EntityEventQuery,
  FoundEntityEvents,
  presentCreated,
  presentFound,
} from './present-entity-event.ts';

export interface EntityEventRoutes {
  db: Database;
  eventsIntake: Pick<Intake<EntityEvent>, 'accept'>;
  organizationExists: OrganizationExists;
  owners: OwnersElsewhere;
  countDeliveries: CountDeliveries;
  /** Milliseconds an event with notifications waits for them to be handed over, before it is answered without their number. */
  notifyTimeoutMs: number;
}

const writeAccess: Access = { roles: ['admin', 'manager', 'user'], scope: 'events:write' };
const documentedAs = '/events/{entity}';

/** What happened to entities, and whom it is told. */
export async function entityEventRoutes(app: HttpServer, routes: EntityEventRoutes): Promise<void> {
  const { db, eventsIntake, owners, organizationExists, countDeliveries, notifyTimeoutMs } = routes;
  const organization = entityOrganization(db, owners, organizationExists, 'events');
  const accept = acceptEntityEvent(eventsIntake);
  const notified = countNotifications(db, countDeliveries, notifyTimeoutMs);

  app.route({
    method: 'GET',
    url: '/events/*',
    config: { family: 'platform', access: 'signed-in', limit: 'logs', errors: ['not_found'], documentedAs },
    schema: {
      tags: ['Events'],
      summary: 'Read events',
      params: EntityPath,
      querystring: EntityEventQuery,
      response: { 200: FoundEntityEvents },
    },
    async handler({ params, query, principal }) {
      const ref = parseEntityRef(params['*']);
      const orgId = await organization.toRead(principal, ref, query.org_id);
      const { type, since, limit } = query;
      const filter = { type, since: since ? new Date(since) : undefined, limit };
      const entity = formatEntityRef(ref);
      return presentFound(entity, await entityEvents(db).search(orgId, entity, filter));
    },
  });

  app.route({
    method: 'PUT',
    url: '/events/*',
    config: { family: 'platform', access: writeAccess, limit: 'events', errors: ['not_found'], documentedAs },
    schema: {
      tags: ['Events'],
      summary: 'Create an event',
      params: EntityPath,
      querystring: OwnerQuery,
      body: NewEntityEvent,
      response: { 200: CreatedEntityEvent },
    },
    async handler({ params, query, principal, body, id: requestId, log }) {
      const ref = parseEntityRef(params['*']);
      const orgId = await organization.toReport(principal, ref, query.org_id);
      const notify = body.notify && mayNotify(principal);
      const event = await accept({ orgId, ref, body: { ...body, notify }, requestId });
      // It is safe: whatever goes wrong from here on, an error would only have it sent a second time.
      const sent = await notified(event).catch((err: unknown) => {
        log.warn({ err, eventId: event.id }, 'the notifications of an event could not be counted');
        return null;
      });
      return presentCreated(event, sent);
    },
  });
}

/** What somebody of no organization does is kept with the default one, whose people it is none of the business of. */
const mayNotify = (principal: Principal): boolean => isAdmin(principal) || principal.orgId !== null;
