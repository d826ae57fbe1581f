import { Email, Id, isoTime, Label, roles, text, type Role } from '@oriontel/contracts';
import { z } from 'zod';

export const Username = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$/,
    'must be 2 to 64 letters, digits, dots, hyphens, underscores or @',
  );
export const Password = text(128).min(8, 'must be at least 8 characters');
export const RoleName = z.enum(roles, 'must be admin, manager or user');

/** A user in responses to the user itself. */
export const User = z
  .object({
    id: z.int(),
    username: z.string(),
    email: z.string(),
    role: RoleName,
    org_id: z.int().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'User',
    examples: [
      {
        id: 67890,
        username: 'john.smith',
        email: 'john.smith@example.com',
        role: 'user',
        org_id: 12345,
        created_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type User = z.output<typeof User>;

/** A user in responses to managers and admins. */
export const UserAccount = User.extend({
  name: z.string().nullable(),
  disabled: z.boolean(),
}).meta({
  id: 'UserAccount',
  examples: [
    {
      id: 67890,
      username: 'john.smith',
      email: 'john.smith@example.com',
      role: 'user',
      org_id: 12345,
      created_at: '2024-01-15T10:30:00Z',
      name: 'John Smith',
      disabled: false,
    },
  ],
});
export type UserAccount = z.output<typeof UserAccount>;

export const UserUpdate = z
  .strictObject({
    email: Email.optional(),
    name: Label.nullable().optional(),
    role: RoleName.optional(),
    org_id: Id.nullable()
      .optional()
      .meta({ description: 'null removes the user from its organization. Any other value: admins only' }),
    disabled: z.boolean().optional().meta({ description: 'true also ends the sessions of the user' }),
    password: Password.optional().meta({ description: 'Admins only. Ends the sessions of the user' }),
  })
  .refine((update) => Object.keys(update).length > 0, 'must change at least one field')
  .meta({ id: 'UserUpdate', examples: [{ name: 'John Smith', role: 'manager' }] });
export type UserUpdate = z.output<typeof UserUpdate>;

export interface FoundUser {
  id: number;
  username: string;
  email: string;
  name: string | null;
  role: Role;
  orgId: number | null;
  disabledAt: Date | null;
  createdAt: Date;
}

export function presentUser({ id, username, email, role, orgId, createdAt }: FoundUser): User {
  return {
    id,
    username,
    email,
    role,
    org_id: orgId,
    created_at: isoTime(createdAt),
  };
}

export function presentAccount(user: FoundUser): UserAccount {
  return {
    ...presentUser(user),
    name: user.name,
    disabled: user.disabledAt !== null,
  };
}
