import { IdText } from '@oriontel/contracts';
import { z } from 'zod';

/** type/id, as two parts of the path or with an encoded slash. */
export const EntityPath = z.object({ '*': z.string().meta({ description: 'type/id, like user/123' }) });

/** The query of a route to an entity. */
export const OwnerQuery = z.object({
  org_id: IdText.optional().meta({ description: 'For admins: whose entity it is' }),
});
