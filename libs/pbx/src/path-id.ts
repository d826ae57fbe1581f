import { NIL } from 'uuid';
import { z } from 'zod';

/**
 * Path parameter `:id`. A text that is not a UUID becomes the nil UUID, which no row has: the response is
 * 404.
 */
export const PathId = z.object({
  id: z.string().transform((id) => (z.guid().safeParse(id).success ? id : NIL)),
});
