import { pageQuery, text, type Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import type { FoundGateway } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

export const GatewayQuery = z.strictObject({
  ...pageQuery,
  enabled: z.stringbool('must be true or false').optional(),
  text: text(255).optional().meta({ description: 'Part of the id, the name or the host; case-insensitive' }),
});
export type GatewayQuery = z.output<typeof GatewayQuery>;

/** Returns a page of gateways ordered by organization and id; `orgId` null: of every organization. */
export function searchGateways(db: Queryable) {
  return async function searchPage(orgId: number | null, query: GatewayQuery): Promise<Paged<FoundGateway>> {
    const [items, total] = await Promise.all([
      gateways(db).search(orgId, query, query),
      gateways(db).count(orgId, query),
    ]);
    return { items, total };
  };
}
