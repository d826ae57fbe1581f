import type { Page } from '@oriontel/contracts';
import { anyContains, orgScope, Prisma, type Queryable } from '@oriontel/database';
import type { FoundGateway, GatewayRef, GatewaySettings } from './gateway.ts';

export interface GatewayFilter {
  enabled?: boolean | undefined;
  /** Part of the id, the name or the host. */
  text?: string | undefined;
}

/** A gateway found by a word, and whether that word is its id (else its name). */
export type GatewayMatch = FoundGateway & { isId: boolean };

const COLUMNS = Prisma.sql`
  org_id AS "orgId", id, key, name, host, port, transport,
  interval_seconds AS "intervalSeconds", timeout_ms AS "timeoutMs", ok_codes AS "okCodes",
  failures_to_down AS "failuresToDown", successes_to_up AS "successesToUp",
  enabled, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Enough matches to see whether an id or a name is ambiguous. */
const MAX_MATCHES = 3;

export function gateways(db: Queryable) {
  return {
    async insert(row: GatewayRef & GatewaySettings): Promise<FoundGateway> {
      const [inserted] = await db.$queryRaw<[FoundGateway]>`
        INSERT INTO gateways (
          org_id, id, key, name, host, port, transport, interval_seconds, timeout_ms, ok_codes,
          failures_to_down, successes_to_up, enabled, created_at, updated_at
        )
        VALUES (
          ${row.orgId}::int, ${row.id}, ${row.key}::uuid, ${row.name}, ${row.host}, ${row.port}::int,
          ${row.transport}, ${row.intervalSeconds}::int, ${row.timeoutMs}::int, ${row.okCodes}::int[],
          ${row.failuresToDown}::int, ${row.successesToUp}::int, ${row.enabled},
          clock_timestamp(), clock_timestamp()
        )
        RETURNING ${COLUMNS}`;
      return inserted;
    },

    /** Gateways with this id or this name: id matches first, then by organization; at most three. */
    findByIdOrName(orgId: number | null, idOrName: string): Promise<GatewayMatch[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}, id = ${idOrName} AS "isId"
        FROM gateways
        WHERE (id = ${idOrName} OR name = ${idOrName})
          AND ${orgScope(orgId)}
        ORDER BY (id = ${idOrName}) DESC, org_id, id
        LIMIT ${MAX_MATCHES}::int`;
    },

    /** The organizations that have a gateway with this id. */
    async organizationsOf(id: string): Promise<number[]> {
      const rows = await db.$queryRaw<{ orgId: number }[]>`
        SELECT org_id AS "orgId"
        FROM gateways
        WHERE id = ${id}
        ORDER BY org_id`;
      return rows.map(({ orgId }) => orgId);
    },

    /** Ordered by organization and id. */
    search(orgId: number | null, filter: GatewayFilter, page: Page): Promise<FoundGateway[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM gateways
        WHERE ${matchesFilter(orgId, filter)}
        ORDER BY org_id, id
        LIMIT ${page.limit}::int
        OFFSET ${page.offset}::int`;
    },

    async count(orgId: number | null, filter: GatewayFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM gateways
        WHERE ${matchesFilter(orgId, filter)}`;
      return row.count;
    },

    /** Locks the row until the end of the transaction, for a read-modify-write. Null if not found. */
    async lock(ref: GatewayRef): Promise<FoundGateway | null> {
      const [row] = await db.$queryRaw<FoundGateway[]>`
        SELECT ${COLUMNS}
        FROM gateways
        WHERE ${matchesRef(ref)}
        FOR NO KEY UPDATE`;
      return row ?? null;
    },

    /** `updated_at` grows with each update, even if the clock steps back: it identifies the version. */
    async update(row: GatewayRef & GatewaySettings): Promise<FoundGateway> {
      const [updated] = await db.$queryRaw<[FoundGateway]>`
        UPDATE gateways
        SET name = ${row.name},
          host = ${row.host},
          port = ${row.port}::int,
          transport = ${row.transport},
          interval_seconds = ${row.intervalSeconds}::int,
          timeout_ms = ${row.timeoutMs}::int,
          ok_codes = ${row.okCodes}::int[],
          failures_to_down = ${row.failuresToDown}::int,
          successes_to_up = ${row.successesToUp}::int,
          enabled = ${row.enabled},
          updated_at = GREATEST(clock_timestamp(), updated_at + interval '1 ms')
        WHERE ${matchesRef(row)}
        RETURNING ${COLUMNS}`;
      return updated;
    },

    /** Returns whether the gateway existed. */
    async delete(ref: GatewayRef): Promise<boolean> {
      return (await db.$executeRaw`DELETE FROM gateways WHERE ${matchesRef(ref)}`) > 0;
    },

    /** Gateways of every organization created or changed at `time` or later; null: all of them. */
    changedSince(time: Date | null): Promise<FoundGateway[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM gateways
        WHERE updated_at >= ${time ?? new Date(0)}`;
    },

    /** The number of gateways of every organization, and the database clock that sets updated_at. */
    async total(): Promise<{ total: number; now: Date }> {
      const [row] = await db.$queryRaw<[{ total: number; now: Date }]>`
        SELECT count(*)::int AS total, clock_timestamp() AS now
        FROM gateways`;
      return row;
    },
  };
}

function matchesRef({ orgId, id, key }: GatewayRef): Prisma.Sql {
  return Prisma.sql`org_id = ${orgId}::int AND id = ${id} AND key = ${key}::uuid`;
}

function matchesFilter(orgId: number | null, { enabled, text }: GatewayFilter): Prisma.Sql {
  const conditions = [orgScope(orgId)];
  if (enabled !== undefined) conditions.push(Prisma.sql`enabled = ${enabled}`);
  if (text !== undefined)
    conditions.push(anyContains([Prisma.sql`id`, Prisma.sql`name`, Prisma.sql`host`], text));
  return Prisma.join(conditions, ' AND ');
}
