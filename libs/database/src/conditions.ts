import { Prisma } from './generated/client.ts';

/** SQL condition on `org_id`; null matches every organization. */
export function orgScope(orgId: number | null): Prisma.Sql {
  return orgId === null ? Prisma.sql`TRUE` : Prisma.sql`org_id = ${orgId}::int`;
}

/**
 * SQL condition: one of the columns contains `part`, ignoring case. Does not use LIKE, so `%`, `_` and `\`
 * have no special meaning.
 */
export function anyContains(columns: Prisma.Sql[], part: string): Prisma.Sql {
  return Prisma.sql`(${Prisma.join(
    columns.map((column) => Prisma.sql`strpos(lower(${column}), lower(${part}::text)) > 0`),
    ' OR ',
  )})`;
}
