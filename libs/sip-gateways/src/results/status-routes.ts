import type { Database } from '@oriontel/database';
import type { Access, HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { findGateway } from '../gateways/find-gateway.ts';
import { GatewayStatus, StatusQuery } from './gateway-status.ts';
import { presentStatus } from './present-status.ts';
import { readStatus } from './read-status.ts';

export interface StatusRoutes {
  db: Database;
}

const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'gateways:write' };

/** The route that reads the status and the history of a gateway. */
export async function statusRoutes(app: HttpServer, { db }: StatusRoutes): Promise<void> {
  const find = findGateway(db);
  const read = readStatus(db);

  app.route({
    method: 'GET',
    url: '/sipgwping/:entity',
    config: { family: 'platform', access: readers, limit: 'gateways', errors: ['not_found'] },
    schema: {
      tags: ['Gateways'],
      summary: 'Get SIP gateway ping status',
      params: z.object({ entity: z.string().meta({ description: 'The id of the gateway, or its name' }) }),
      querystring: StatusQuery,
      response: { 200: GatewayStatus },
    },
    async handler({ principal, params, query }): Promise<GatewayStatus> {
      const { include_history, history_hours, org_id: orgId } = query;
      const gateway = await find({ principal, idOrName: params.entity, byName: true, orgId });
      return presentStatus(gateway, await read(gateway, include_history ? history_hours : null));
    },
  });
}
