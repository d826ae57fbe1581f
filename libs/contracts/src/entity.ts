import { z } from 'zod';

/** Half of an entity reference `type/id`, and every slug that becomes one: a trunk, a source, a gateway. */
export const EntityName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens');

export interface EntityRef {
  type: string;
  id: string;
}
