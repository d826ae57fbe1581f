import type { Queryable } from '@oriontel/database';

/** A user whom notifications may address. */
export interface Contact {
  id: number;
  email: string;
  disabled: boolean;
}

/** Email addresses of users, in plain SQL: drains read them. */
export function contacts(db: Queryable) {
  return {
    /** Users of the organization; other ids are omitted. */
    findMembers(orgId: number, ids: number[]): Promise<Contact[]> {
      return db.$queryRaw`
        SELECT id, email, disabled_at IS NOT NULL AS disabled
        FROM users
        WHERE org_id = ${orgId}::int
          AND id = ANY(${ids}::int[])`;
    },

    /** Email addresses of at most `limit` active managers of the organization, oldest accounts first. */
    async listManagerEmails(orgId: number, limit: number): Promise<string[]> {
      const rows = await db.$queryRaw<{ email: string }[]>`
        SELECT email
        FROM users
        WHERE org_id = ${orgId}::int
          AND role = 'manager'
          AND disabled_at IS NULL
        ORDER BY id
        LIMIT ${limit}::int`;
      return rows.map(({ email }) => email);
    },
  };
}
