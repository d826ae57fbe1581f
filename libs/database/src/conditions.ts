import { Prisma } from './generated/client.ts';

/** The condition of one organization; null is every one. */
export function orgScope(orgId: number | null): Prisma.Sql {
  return orgId === null ? Prisma.sql`TRUE` : Prisma.sql`org_id = ${orgId}::int`;
}

/** Holds where one of the columns has `part` in it, in any case. Not LIKE: `%`, `_` and `\` are characters like any other. */
export function anyContains(columns: Prisma.Sql[], part: string): Prisma.Sql {
  return Prisma.sql`(${Prisma.join(
    columns.map((column) => Prisma.sql`strpos(lower(${column}), lower(${part}::text)) > 0`),
    ' OR ',
  )})`;
}
