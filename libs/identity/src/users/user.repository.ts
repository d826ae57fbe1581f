import type { Page, Paged, Role } from '@oriontel/contracts';
import type { Prisma, Queryable } from '@oriontel/database';
import type { FoundUser } from './user.ts';

export interface NewUser {
  username: string;
  email: string;
  name: string | null;
  passwordHash: string | null;
  role: Role;
  orgId: number | null;
}

type UserChange = Partial<Omit<NewUser, 'username'> & { disabledAt: Date | null }>;

/** What a list may ask for. */
export interface UserFilter {
  role?: Role | undefined;
  disabled?: boolean | undefined;
  /** Part of username, email or name, in any case. */
  text?: string | undefined;
}

const asUser = <T extends { role: string }>(row: T) => ({ ...row, role: row.role as Role });
const key = (text: string): string => text.toLowerCase();
const select = {
  id: true,
  username: true,
  email: true,
  name: true,
  role: true,
  orgId: true,
  disabledAt: true,
  createdAt: true,
} as const;

/** Who may sign in: neither disabled nor of a disabled organization. An admin is of the whole platform. */
const active = {
  disabledAt: null,
  OR: [{ role: 'admin' }, { orgId: null }, { organization: { disabledAt: null } }],
} satisfies Prisma.UserWhereInput;

/** Prisma makes a LIKE of it, and leaves the wildcards in it as they are. */
const part = (text: string) => ({
  contains: text.replace(/[\\%_]/g, '\\$&'),
  mode: 'insensitive' as const,
});

const inOrg = (orgId: number | null): Prisma.UserWhereInput => (orgId === null ? {} : { orgId });

/** Any constant: those who make the first admin or take away the last one wait for each other. */
const ADMINS_LOCK = 7_017_216;

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

  /** Holds off others who ask about admins until the transaction ends. */
  hasAdmin: async (): Promise<boolean> => {
    await db.$executeRaw`SELECT pg_advisory_xact_lock(${ADMINS_LOCK})`;
    return (await db.user.findFirst({ where: { role: 'admin' }, select: { id: true } })) !== null;
  },

  /** Besides this one. Holds off others who ask about admins until the transaction ends. */
  hasOtherActiveAdmin: async (id: number): Promise<boolean> => {
    await db.$executeRaw`SELECT pg_advisory_xact_lock(${ADMINS_LOCK})`;
    const other = await db.user.findFirst({
      where: { role: 'admin', disabledAt: null, id: { not: id } },
      select: { id: true },
    });
    return other !== null;
  },

  /** By id; `orgId` null lists every organization's, and those of none. */
  list: async (
    orgId: number | null,
    { role, disabled, text }: UserFilter,
    { limit, offset }: Page,
  ): Promise<Paged<FoundUser>> => {
    const where: Prisma.UserWhereInput = {
      ...inOrg(orgId),
      ...(role && { role }),
      ...(disabled !== undefined && { disabledAt: disabled ? { not: null } : null }),
      ...(text !== undefined && {
        OR: [{ usernameKey: part(text) }, { emailKey: part(text) }, { name: part(text) }],
      }),
    };
    const [rows, total] = await Promise.all([
      db.user.findMany({ where, select, orderBy: { id: 'asc' }, take: limit, skip: offset }),
      db.user.count({ where }),
    ]);
    return { items: rows.map(asUser), total };
  },

  find: async (orgId: number | null, id: number): Promise<FoundUser | null> => {
    const row = await db.user.findFirst({ where: { id, ...inOrg(orgId) }, select });
    return row && asUser(row);
  },

  /** What those of the organization are called: by their name, or where they have none by their username. */
  namesOf: async (orgId: number, ids: number[]): Promise<{ id: number; name: string; email: string }[]> => {
    const rows = await db.user.findMany({ where: { orgId, id: { in: ids } }, select });
    return rows.map(({ id, name, username, email }) => ({ id, name: name ?? username, email }));
  },

  /** Those of the organization. */
  membersOf: async (
    orgId: number,
    ids: number[],
  ): Promise<Map<number, { email: string; disabled: boolean }>> => {
    const rows = await db.user.findMany({
      where: { orgId, id: { in: ids } },
      select: { id: true, email: true, disabledAt: true },
    });
    return new Map(rows.map(({ id, email, disabledAt }) => [id, { email, disabled: disabledAt !== null }]));
  },

  /** Of those who manage the organization and are not disabled, the first `most`. */
  managerEmails: async (orgId: number, most: number): Promise<string[]> => {
    const rows = await db.user.findMany({
      where: { orgId, role: 'manager', disabledAt: null },
      select: { email: true },
      orderBy: { id: 'asc' },
      take: most,
    });
    return rows.map(({ email }) => email);
  },

  /** The organization of a user, null where it has none; undefined where there is no such user. */
  organizationOf: async (id: number): Promise<number | null | undefined> =>
    (await db.user.findUnique({ where: { id }, select: { orgId: true } }))?.orgId,

  /** As `find`, and holds off others who would change this user until the transaction ends. */
  findToChange: async (orgId: number | null, id: number): Promise<FoundUser | null> => {
    await db.$executeRaw`SELECT FROM users WHERE id = ${id} FOR NO KEY UPDATE`;
    return users(db).find(orgId, id);
  },

  /** For signing in. */
  findByName: async (username: string): Promise<(FoundUser & { passwordHash: string | null }) | null> => {
    const row = await db.user.findFirst({
      where: { usernameKey: key(username), ...active },
      select: { ...select, passwordHash: true },
    });
    return row && asUser(row);
  },

  /** Whoever has not ended the session since, and may sign in still. */
  findSignedIn: async (id: number, sessionId: string, now: Date): Promise<FoundUser | null> => {
    const row = await db.user.findFirst({
      where: { id, ...active, sessions: { some: { id: sessionId, expiresAt: { gt: now } } } },
      select,
    });
    return row && asUser(row);
  },

  passwordHash: async (id: number): Promise<string | null> =>
    (await db.user.findUnique({ where: { id }, select: { passwordHash: true } }))?.passwordHash ?? null,

  /**
   * Whether the user is not disabled and has this password still: checking one takes long enough for both to change. Holds
   * off others who would change them until the transaction ends.
   */
  keepsPassword: async (id: number, passwordHash: string | null): Promise<boolean> => {
    const kept = await db.$executeRaw`
      SELECT FROM users WHERE id = ${id} AND password_hash = ${passwordHash} AND disabled_at IS NULL
      FOR NO KEY UPDATE`;
    return kept > 0;
  },

  /** Null where there is none. @throws unique violation where the email is another's */
  update: async (
    orgId: number | null,
    id: number,
    { email, ...change }: UserChange,
  ): Promise<FoundUser | null> => {
    const [row] = await db.user.updateManyAndReturn({
      where: { id, ...inOrg(orgId) },
      data: { ...change, ...(email !== undefined && { email, emailKey: key(email) }) },
      select,
    });
    return row ? asUser(row) : null;
  },

  /** Takes in whom no organization has, as a plain user; null where there is no such user. */
  takeIn: async (orgId: number, username: string): Promise<FoundUser | null> => {
    const [row] = await db.user.updateManyAndReturn({
      where: { usernameKey: key(username), orgId: null, role: { not: 'admin' }, disabledAt: null },
      data: { orgId, role: 'user' },
      select,
    });
    return row ? asUser(row) : null;
  },
});
