import type { Role } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { FoundUser } from './user.ts';

export interface NewUser {
  username: string;
  email: string;
  passwordHash: string | null;
  role: Role;
  orgId: number | null;
}

const asUser = <T extends { role: string }>(row: T) => ({ ...row, role: row.role as Role });
const key = (text: string): string => text.toLowerCase();
const select = { id: true, username: true, email: true, role: true, orgId: true, createdAt: true } as const;

/** Any constant: those who would be the first admin wait for each other. */
const FIRST_ADMIN_LOCK = 7_017_216;

/** The only file that speaks to the users table. */
export const users = (db: Queryable) => ({
  create: async ({ username, email, ...rest }: NewUser): Promise<FoundUser> =>
    asUser(
      await db.user.create({
        data: { username, usernameKey: key(username), email, emailKey: key(email), ...rest },
        select,
      }),
    ),

  /** The field of another user that is in the way. */
  taken: async (username: string, email: string): Promise<'username' | 'email' | null> => {
    const other = await db.user.findFirst({
      where: { OR: [{ usernameKey: key(username) }, { emailKey: key(email) }] },
      select: { usernameKey: true },
    });
    return other && (other.usernameKey === key(username) ? 'username' : 'email');
  },

  /** Holds off others who ask the same until the transaction ends. */
  hasAdmin: async (): Promise<boolean> => {
    await db.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_ADMIN_LOCK})`;
    return (await db.user.findFirst({ where: { role: 'admin' }, select: { id: true } })) !== null;
  },

  /** For signing in; a disabled user is nobody. */
  findByName: async (username: string): Promise<(FoundUser & { passwordHash: string | null }) | null> => {
    const row = await db.user.findFirst({
      where: { usernameKey: key(username), disabledAt: null },
      select: { ...select, passwordHash: true },
    });
    return row && asUser(row);
  },

  /** A disabled user is nobody. */
  findActive: async (id: number): Promise<FoundUser | null> => {
    const row = await db.user.findFirst({ where: { id, disabledAt: null }, select });
    return row && asUser(row);
  },
});
