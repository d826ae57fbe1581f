import { z } from 'zod';

/**
 * The type or the id in an entity reference `type/id`; also the format of slugs such as trunks, sources and
 * gateways.
 */
export const EntityName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens');

export interface EntityRef {
  type: string;
  id: string;
}
