import type pg from 'pg';

interface Index {
  name: string;
  definition: string;
}

async function readIndexes(sql: pg.Client, table: string): Promise<Index[]> {
  const { rows } = await sql.query<Index>(
    `SELECT indexrelid::regclass::text AS name,
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index
     WHERE indrelid = $1::regclass
       AND NOT indisprimary`,
    [table],
  );
  return rows;
}

/** Drops the indexes of a table while `load` fills it, which takes a fraction of the time; vacuums it. */
export async function withoutIndexes(
  sql: pg.Client,
  table: string,
  load: () => Promise<void>,
): Promise<void> {
  const indexes = await readIndexes(sql, table);
  for (const { name } of indexes) await sql.query(`DROP INDEX ${name}`);
  await sql.query(`SET synchronous_commit = off; SET maintenance_work_mem = '512MB'`);
  await load();
  for (const { definition } of indexes) await sql.query(definition);
  await sql.query('RESET synchronous_commit; RESET maintenance_work_mem');
  await sql.query(`VACUUM ANALYZE ${table}`);
  await sql.query('CHECKPOINT');
}
