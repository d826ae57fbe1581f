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

const toUser = <T extends { role: string }>(row: T) => ({ ...row, role: row.role as Role });
const toLookupKey = (text: string): string => text.toLowerCase();
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
const maySignIn = {
  disabledAt: null,
  OR: [{ role: 'admin' }, { orgId: null }, { organization: { disabledAt: null } }],
} satisfies Prisma.UserWhereInput;

/** Prisma makes a LIKE of it, and leaves the wildcards in it as they are. */
function containsText(text: string) {
  return {
    contains: text.replace(/[\\%_]/g, '\\$&'),
    mode: 'insensitive' as const,
  };
}

const inOrg = (orgId: number | null): Prisma.UserWhereInput => (orgId === null ? {} : { orgId });

/** Any constant: those who make the first admin or take away the last one wait for each other. */
const ADMINS_LOCK_KEY = 7_017_216;

/** The only file that speaks to the users table. */
export function users(db: Queryable) {
  return {
    async create({ username, email, ...rest }: NewUser): Promise<FoundUser> {
      return toUser(
        await db.user.create({
          data: {
            username,
            usernameKey: toLookupKey(username),
            email,
            emailKey: toLookupKey(email),
            ...rest,
          },
          select,
        }),
      );
    },

    /** The field of another user that is in the way. */
    async findTakenField(username: string, email: string): Promise<'username' | 'email' | null> {
      const other = await db.user.findFirst({
        where: { OR: [{ usernameKey: toLookupKey(username) }, { emailKey: toLookupKey(email) }] },
        select: { usernameKey: true },
      });
      return other && (other.usernameKey === toLookupKey(username) ? 'username' : 'email');
    },

    /** Holds off others who ask about admins until the transaction ends. */
    async hasAdmin(): Promise<boolean> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(${ADMINS_LOCK_KEY})`;
      return (await db.user.findFirst({ where: { role: 'admin' }, select: { id: true } })) !== null;
    },

    /** Besides this one. Holds off others who ask about admins until the transaction ends. */
    async hasOtherActiveAdmin(id: number): Promise<boolean> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(${ADMINS_LOCK_KEY})`;
      const other = await db.user.findFirst({
        where: { role: 'admin', disabledAt: null, id: { not: id } },
        select: { id: true },
      });
      return other !== null;
    },

    /** By id; `orgId` null lists every organization's, and those of none. */
    async list(
      orgId: number | null,
      { role, disabled, text }: UserFilter,
      { limit, offset }: Page,
    ): Promise<Paged<FoundUser>> {
      const where: Prisma.UserWhereInput = {
        ...inOrg(orgId),
        ...(role && { role }),
        ...(disabled !== undefined && { disabledAt: disabled ? { not: null } : null }),
        ...(text !== undefined && {
          OR: [
            { usernameKey: containsText(text) },
            { emailKey: containsText(text) },
            { name: containsText(text) },
          ],
        }),
      };
      const [rows, total] = await Promise.all([
        db.user.findMany({ where, select, orderBy: { id: 'asc' }, take: limit, skip: offset }),
        db.user.count({ where }),
      ]);
      return { items: rows.map(toUser), total };
    },

    async find(orgId: number | null, id: number): Promise<FoundUser | null> {
      const row = await db.user.findFirst({ where: { id, ...inOrg(orgId) }, select });
      return row && toUser(row);
    },

    /** What those of the organization are called: by their name, or where they have none by their username. */
    async findDisplayNames(
      orgId: number,
      ids: number[],
    ): Promise<{ id: number; name: string; email: string }[]> {
      const rows = await db.user.findMany({ where: { orgId, id: { in: ids } }, select });
      return rows.map(({ id, name, username, email }) => ({ id, name: name ?? username, email }));
    },

    /** Those of the organization. */
    async findMembers(
      orgId: number,
      ids: number[],
    ): Promise<Map<number, { email: string; disabled: boolean }>> {
      const rows = await db.user.findMany({
        where: { orgId, id: { in: ids } },
        select: { id: true, email: true, disabledAt: true },
      });
      return new Map(rows.map(({ id, email, disabledAt }) => [id, { email, disabled: disabledAt !== null }]));
    },

    /** Of those who manage the organization and are not disabled, the first `most`. */
    async listManagerEmails(orgId: number, most: number): Promise<string[]> {
      const rows = await db.user.findMany({
        where: { orgId, role: 'manager', disabledAt: null },
        select: { email: true },
        orderBy: { id: 'asc' },
        take: most,
      });
      return rows.map(({ email }) => email);
    },

    /** The organization of a user, null where it has none; undefined where there is no such user. */
    async findOrganizationId(id: number): Promise<number | null | undefined> {
      return (await db.user.findUnique({ where: { id }, select: { orgId: true } }))?.orgId;
    },

    /** As `find`, and holds off others who would change this user until the transaction ends. */
    async findForUpdate(orgId: number | null, id: number): Promise<FoundUser | null> {
      await db.$executeRaw`SELECT FROM users WHERE id = ${id} FOR NO KEY UPDATE`;
      return users(db).find(orgId, id);
    },

    /** For signing in. */
    async findForSignIn(username: string): Promise<(FoundUser & { passwordHash: string | null }) | null> {
      const row = await db.user.findFirst({
        where: { usernameKey: toLookupKey(username), ...maySignIn },
        select: { ...select, passwordHash: true },
      });
      return row && toUser(row);
    },

    /** Whoever has not ended the session since, and may sign in still. */
    async findBySession(id: number, sessionId: string, now: Date): Promise<FoundUser | null> {
      const row = await db.user.findFirst({
        where: { id, ...maySignIn, sessions: { some: { id: sessionId, expiresAt: { gt: now } } } },
        select,
      });
      return row && toUser(row);
    },

    async findPasswordHash(id: number): Promise<string | null> {
      return (
        (await db.user.findUnique({ where: { id }, select: { passwordHash: true } }))?.passwordHash ?? null
      );
    },

    /**
     * Whether the user is not disabled and has this password still: checking one takes long enough for both to change. Holds
     * off others who would change them until the transaction ends.
     */
    async lockIfPasswordUnchanged(id: number, passwordHash: string | null): Promise<boolean> {
      const kept = await db.$executeRaw`
      SELECT FROM users WHERE id = ${id} AND password_hash = ${passwordHash} AND disabled_at IS NULL
      FOR NO KEY UPDATE`;
      return kept > 0;
    },

    /** Null where there is none. @throws unique violation where the email is another's */
    async update(
      orgId: number | null,
      id: number,
      { email, ...change }: UserChange,
    ): Promise<FoundUser | null> {
      const [row] = await db.user.updateManyAndReturn({
        where: { id, ...inOrg(orgId) },
        data: { ...change, ...(email !== undefined && { email, emailKey: toLookupKey(email) }) },
        select,
      });
      return row ? toUser(row) : null;
    },

    /** Takes in whom no organization has, as a plain user; null where there is no such user. */
    async addToOrganization(orgId: number, username: string): Promise<FoundUser | null> {
      const [row] = await db.user.updateManyAndReturn({
        where: { usernameKey: toLookupKey(username), orgId: null, role: { not: 'admin' }, disabledAt: null },
        data: { orgId, role: 'user' },
        select,
      });
      return row ? toUser(row) : null;
    },
  };
}
