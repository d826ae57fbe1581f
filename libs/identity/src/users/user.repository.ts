import type { Page, Paged, Role } from '@oriontel/contracts';
import type { Prisma, ModelQueryable } from '@oriontel/database';
import type { FoundUser } from './user.ts';

export interface NewUser {
  username: string;
  email: string;
  name: string | null;
  passwordHash: string | null;
  role: Role;
  orgId: number | null;
}

export interface SeedUser {
  id: number;
  username: string;
  name: string;
  email: string;
  orgId: number;
}

type UserChange = Partial<Omit<NewUser, 'username'> & { disabledAt: Date | null }>;

export interface UserFilter {
  role?: Role | undefined;
  disabled?: boolean | undefined;
  /** Substring of username, email or name, case-insensitive. */
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

/**
 * Users who may sign in: not disabled, and neither is their organization. A disabled organization does not
 * lock out an admin.
 */
const maySignIn = {
  disabledAt: null,
  OR: [{ role: 'admin' }, { orgId: null }, { organization: { disabledAt: null } }],
} satisfies Prisma.UserWhereInput;

/** Escapes LIKE wildcards, which Prisma does not. */
function containsText(text: string) {
  return {
    contains: text.replace(/[\\%_]/g, '\\$&'),
    mode: 'insensitive' as const,
  };
}

const inOrg = (orgId: number | null): Prisma.UserWhereInput => (orgId === null ? {} : { orgId });

/** Advisory lock key (an arbitrary constant): serializes creating the first and removing the last admin. */
const ADMINS_LOCK_KEY = 7_017_216;

/** Repository of the users table. */
export function users(db: ModelQueryable) {
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

    /**
     * Inserts a user without a password and with a chosen id unless it exists. Generated ids continue after
     * the largest one.
     */
    async insertWithId({ id, username, name, email, orgId }: SeedUser): Promise<void> {
      await db.$executeRaw`
        INSERT INTO users (id, username, username_key, email, email_key, name, role, org_id)
        VALUES (
          ${id}::int, ${username}, ${toLookupKey(username)}, ${email}, ${toLookupKey(email)}, ${name}, 'user',
          ${orgId}::int)
        ON CONFLICT DO NOTHING`;
      await db.$executeRaw`
        SELECT setval(
          pg_get_serial_sequence('users', 'id'),
          greatest((SELECT max(id) FROM users), 1))`;
    },

    /** The field that another user already has; null if both are free. */
    async findTakenField(username: string, email: string): Promise<'username' | 'email' | null> {
      const other = await db.user.findFirst({
        where: { OR: [{ usernameKey: toLookupKey(username) }, { emailKey: toLookupKey(email) }] },
        select: { usernameKey: true },
      });
      return other && (other.usernameKey === toLookupKey(username) ? 'username' : 'email');
    },

    /** Holds the lock on admins until the transaction ends. */
    async hasAdmin(): Promise<boolean> {
      await lockAdmins(db);
      return (await db.user.findFirst({ where: { role: 'admin' }, select: { id: true } })) !== null;
    },

    /**
     * Whether a user other than `id` is an active admin. Holds the lock on admins until the transaction ends.
     */
    async hasOtherActiveAdmin(id: number): Promise<boolean> {
      await lockAdmins(db);
      const other = await db.user.findFirst({
        where: { role: 'admin', disabledAt: null, id: { not: id } },
        select: { id: true },
      });
      return other !== null;
    },

    /** Ordered by id. A null `orgId` lists every user, including those without an organization. */
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

    /** Display names (the name, else the username) of users of the organization; other ids are omitted. */
    async findDisplayNames(
      orgId: number,
      ids: number[],
    ): Promise<{ id: number; name: string; email: string }[]> {
      const rows = await db.user.findMany({ where: { orgId, id: { in: ids } }, select });
      return rows.map(({ id, name, username, email }) => ({ id, name: name ?? username, email }));
    },

    /** Null if the user has no organization, undefined if there is no such user. */
    async findOrganizationId(id: number): Promise<number | null | undefined> {
      return (await db.user.findUnique({ where: { id }, select: { orgId: true } }))?.orgId;
    },

    /** `find` with a row lock until the transaction ends. */
    async findForUpdate(orgId: number | null, id: number): Promise<FoundUser | null> {
      await db.$executeRaw`
        SELECT
        FROM users
        WHERE id = ${id}
        FOR NO KEY UPDATE`;
      return users(db).find(orgId, id);
    },

    /** By username, case-insensitive, with the password hash; null if the user may not sign in. */
    async findForSignIn(username: string): Promise<(FoundUser & { passwordHash: string | null }) | null> {
      const row = await db.user.findFirst({
        where: { usernameKey: toLookupKey(username), ...maySignIn },
        select: { ...select, passwordHash: true },
      });
      return row && toUser(row);
    },

    /** The user of an active session; null if the session has ended or the user may no longer sign in. */
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
     * Locks the user until the transaction ends, if active and with this password hash. Returns false
     * otherwise: either may have changed during the slow password check.
     */
    async lockIfPasswordUnchanged(id: number, passwordHash: string | null): Promise<boolean> {
      const locked = await db.$executeRaw`
        SELECT
        FROM users
        WHERE id = ${id}
          AND password_hash = ${passwordHash}
          AND disabled_at IS NULL
        FOR NO KEY UPDATE`;
      return locked > 0;
    },

    /**
     * Partial update: omitted fields keep their value. Returns null if not found.
     * @throws a unique violation if another user has the email
     */
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

    /**
     * Adds an active user without an organization, in the role `user`. Returns null if there is no such user.
     */
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

async function lockAdmins(db: ModelQueryable): Promise<void> {
  await db.$executeRaw`SELECT pg_advisory_xact_lock(${ADMINS_LOCK_KEY})`;
}
