import type { Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { afterCommit, type Intake } from '@oriontel/intake';
import { isAdmin, type Access, type HttpServer, type OrganizationExists } from '@oriontel/service';
import { formatEntityRef, parseEntityRef } from '../entities/entity.ts';
import { createEntityOrganizationResolver } from '../entities/create-entity-organization-resolver.ts';
import type { ExternalEntityOwners } from '../entities/find-entity-owners.ts';
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
  owners: ExternalEntityOwners;
  countDeliveries: CountDeliveries;
  /**
   * How long a request with `notify` waits for its deliveries to be created before it responds without their
   * number.
   */
  notifyTimeoutMs: number;
}

const writeAccess: Access = { roles: ['admin', 'manager', 'user'], scope: 'events:write' };
const documentedAs = '/events/{entity}';
/** For counting the deliveries after the wait for them. */
const LAST_READ_MS = 1_000;

/** Events of entities: list and create. */
export async function entityEventRoutes(app: HttpServer, routes: EntityEventRoutes): Promise<void> {
  const { db, eventsIntake, owners, organizationExists, countDeliveries, notifyTimeoutMs } = routes;
  const resolveOrganization = createEntityOrganizationResolver(db, owners, organizationExists, 'events');
  const accept = acceptEntityEvent(eventsIntake);
  const countSent = countNotifications(db, countDeliveries, notifyTimeoutMs);

  app.route({
    method: 'GET',
    url: '/events/*',
    config: { family: 'platform', access: 'signed-in', limit: 'logs', errors: ['not_found'], documentedAs },
    schema: {
      tags: ['Events'],
      summary: 'List events of an entity',
      params: EntityPath,
      querystring: EntityEventQuery,
      response: { 200: FoundEntityEvents },
    },
    async handler({ params, query, principal }) {
      const ref = parseEntityRef(params['*']);
      const orgId = await resolveOrganization.forRead(principal, ref, query.org_id);
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
      summary: 'Create an event of an entity',
      params: EntityPath,
      querystring: OwnerQuery,
      body: NewEntityEvent,
      response: { 200: CreatedEntityEvent },
    },
    async handler(request) {
      const { params, query, principal, body, id: requestId } = request;
      const ref = parseEntityRef(params['*']);
      const orgId = await resolveOrganization.forReport(principal, ref, query.org_id);
      const notify = body.notify && mayNotify(principal);
      const event = await accept({ orgId, ref, body: { ...body, notify }, requestId });
      const sent = await afterCommit(
        {
          timeoutMs: notifyTimeoutMs + LAST_READ_MS,
          onError: (err) => request.log.warn({ err, eventId: event.id }, 'counting notifications failed'),
        },
        () => countSent(event),
      );
      return presentCreated(event, sent);
    },
  });
}

/**
 * Events of a user without organization are stored with the default one, whose members must not be notified.
 */
function mayNotify(principal: Principal): boolean {
  return isAdmin(principal) || principal.orgId !== null;
}
