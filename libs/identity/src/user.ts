import { isoTime, roles, text, type Role } from '@oriontel/contracts';
import { z } from 'zod';

export const Username = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$/,
    'must be 2 to 64 letters, digits, dots, hyphens, underscores or @',
  );
export const Email = z.email('must be an email address').max(254);
export const Password = text(128).min(8, 'must be at least 8 characters');
export const RoleName = z.enum(roles, 'must be admin, manager or user');

/** A user as it reads over HTTP. */
export const User = z
  .object({
    id: z.int(),
    username: z.string(),
    email: z.string(),
    role: RoleName,
    org_id: z.int().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type User = z.output<typeof User>;

export interface FoundUser {
  id: number;
  username: string;
  email: string;
  role: Role;
  orgId: number | null;
  createdAt: Date;
}

export const presentUser = ({ id, username, email, role, orgId, createdAt }: FoundUser): User => ({
  id,
  username,
  email,
  role,
  org_id: orgId,
  created_at: isoTime(createdAt),
});
