import { NIL } from 'uuid';
import { z } from 'zod';

/** `:id` of a path. What is no id is nobody's: it is not found, like any other that nothing has. */
export const PathId = z.object({
  id: z.string().transform((id) => (z.guid().safeParse(id).success ? id : NIL)),
});
