import { IdText } from '@oriontel/contracts';
import { z } from 'zod';

/** The wildcard of a route: type/id, as two path segments or with an encoded slash. */
export const EntityPath = z.object({ '*': z.string().meta({ description: 'type/id, like user/123' }) });

export const OwnerQuery = z.object({
  org_id: IdText.optional().meta({ description: 'Organization that has the entity; for admins' }),
});
