import type { Page } from '@oriontel/contracts';
import { anyContains, orgScope, Prisma, type Queryable } from '@oriontel/database';
import type { FoundGateway, GatewayRef, GatewaySettings } from './gateway.ts';

/** What a search may ask for. */
export interface GatewayFilter {
  enabled?: boolean | undefined;
  /** Part of the id, the name or the host. */
  text?: string | undefined;
}

/** A gateway that was asked for by a word, and whether that is its id or its name. */
export type GatewayMatch = FoundGateway & { isId: boolean };

const COLUMNS = Prisma.sql`org_id AS "orgId", id, key, name, host, port, transport, interval_seconds AS "intervalSeconds",
  timeout_ms AS "timeoutMs", ok_codes AS "okCodes", failures_to_down AS "failuresToDown", successes_to_up AS "successesToUp",
  enabled, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** The only file that speaks to the gateways table. */
export function gateways(db: Queryable) {
  return {
    async insert(row: GatewayRef & GatewaySettings): Promise<FoundGateway> {
      const [made] = await db.$queryRaw<[FoundGateway]>`
      INSERT INTO gateways (org_id, id, key, name, host, port, transport, interval_seconds, timeout_ms, ok_codes,
        failures_to_down, successes_to_up, enabled, created_at, updated_at)
      VALUES (${row.orgId}::int, ${row.id}, ${row.key}::uuid, ${row.name}, ${row.host}, ${row.port}::int, ${row.transport},
        ${row.intervalSeconds}::int, ${row.timeoutMs}::int, ${row.okCodes}::int[], ${row.failuresToDown}::int,
        ${row.successesToUp}::int, ${row.enabled}, clock_timestamp(), clock_timestamp())
      RETURNING ${COLUMNS}`;
      return made;
    },

    /** Those of this id, or else of this name, with the ids first and then by organization; no more than tell whether it is the only one. */
    findByIdOrName(orgId: number | null, idOrName: string): Promise<GatewayMatch[]> {
      return db.$queryRaw`
    SELECT ${COLUMNS}, id = ${idOrName} AS "isId" FROM gateways
    WHERE (id = ${idOrName} OR name = ${idOrName}) AND ${orgScope(orgId)}
    ORDER BY (id = ${idOrName}) DESC, org_id, id LIMIT 3`;
    },

    /** Which organizations have a gateway of this id. */
    async organizationsOf(id: string): Promise<number[]> {
      const rows = await db.$queryRaw<{ orgId: number }[]>`
      SELECT org_id AS "orgId" FROM gateways WHERE id = ${id} ORDER BY org_id`;
      return rows.map(({ orgId }) => orgId);
    },

    /** By organization and id. */
    search(orgId: number | null, filter: GatewayFilter, page: Page): Promise<FoundGateway[]> {
      return db.$queryRaw`
      SELECT ${COLUMNS} FROM gateways WHERE ${where(orgId, filter)}
      ORDER BY org_id, id LIMIT ${page.limit}::int OFFSET ${page.offset}::int`;
    },

    async count(orgId: number | null, filter: GatewayFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM gateways WHERE ${where(orgId, filter)}`;
      return row.count;
    },

    /** For a change that depends on what is there. */
    async lock(ref: GatewayRef): Promise<FoundGateway | null> {
      const [row] = await db.$queryRaw<FoundGateway[]>`
      SELECT ${COLUMNS} FROM gateways WHERE ${matchesRef(ref)} FOR NO KEY UPDATE`;
      return row ?? null;
    },

    async update(row: GatewayRef & GatewaySettings): Promise<FoundGateway> {
      const [updated] = await db.$queryRaw<[FoundGateway]>`
      UPDATE gateways SET name = ${row.name}, host = ${row.host}, port = ${row.port}::int, transport = ${row.transport},
        interval_seconds = ${row.intervalSeconds}::int, timeout_ms = ${row.timeoutMs}::int, ok_codes = ${row.okCodes}::int[],
        failures_to_down = ${row.failuresToDown}::int, successes_to_up = ${row.successesToUp}::int, enabled = ${row.enabled},
        -- Later each time, whatever the clock does: it tells one version from the next.
        updated_at = GREATEST(clock_timestamp(), updated_at + interval '1 ms')
      WHERE ${matchesRef(row)} RETURNING ${COLUMNS}`;
      return updated;
    },

    /** Returns whether there was one. */
    async delete(ref: GatewayRef): Promise<boolean> {
      return (await db.$executeRaw`DELETE FROM gateways WHERE ${matchesRef(ref)}`) > 0;
    },

    /** Every organization's that were made or changed at `time` or later; all of them where it is null. For those who probe. */
    changedSince(time: Date | null): Promise<FoundGateway[]> {
      return db.$queryRaw`SELECT ${COLUMNS} FROM gateways WHERE updated_at >= ${time ?? new Date(0)}`;
    },

    /** How many every organization has together, and what the clock of updated_at says. */
    async total(): Promise<{ total: number; now: Date }> {
      const [row] = await db.$queryRaw<[{ total: number; now: Date }]>`
      SELECT count(*)::int AS total, clock_timestamp() AS now FROM gateways`;
      return row;
    },
  };
}

function matchesRef({ orgId, id, key }: GatewayRef): Prisma.Sql {
  return Prisma.sql`org_id = ${orgId}::int AND id = ${id} AND key = ${key}::uuid`;
}

function where(orgId: number | null, { enabled, text }: GatewayFilter): Prisma.Sql {
  const conditions = [orgScope(orgId)];
  if (enabled !== undefined) conditions.push(Prisma.sql`enabled = ${enabled}`);
  if (text !== undefined)
    conditions.push(anyContains([Prisma.sql`id`, Prisma.sql`name`, Prisma.sql`host`], text));
  return Prisma.join(conditions, ' AND ');
}
