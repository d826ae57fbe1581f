import type pg from 'pg';

/**
 * Storage baseline: writes the rows of these batches to a file, as other calls (ids and call ids differ), and
 * lets the server COPY them into `cdrs` with its indexes. `prepare` runs before the COPY. Returns rows per
 * second.
 */
export async function measureCopyRate(
  sql: pg.Client,
  batchIds: string[],
  prepare: () => Promise<void>,
): Promise<number> {
  const file = `${await readSetting(sql, 'data_directory')}/bench-cdrs.copy`;
  const columns = await readColumns(sql);
  const changed: Record<string, string> = {
    id: `(left(id::text, 24) || left(md5(id::text), 12))::uuid`,
    call_id: `overlay(call_id PLACING 'c0' FROM 1 FOR 2)`,
    linked_call_id: `overlay(linked_call_id PLACING 'c0' FROM 1 FOR 2)`,
  };
  const { rowCount } = await sql.query(
    `COPY (
       SELECT ${columns.map((column) => changed[column] ?? column).join(', ')}
       FROM cdrs
       WHERE batch_id IN (${batchIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})
     ) TO '${file}' (FORMAT binary)`,
  );
  await prepare();
  const started = performance.now();
  await sql.query(`COPY cdrs (${columns.join(', ')}) FROM '${file}' (FORMAT binary)`);
  return (rowCount ?? 0) / ((performance.now() - started) / 1000);
}

async function readSetting(sql: pg.Client, name: string): Promise<string> {
  const { rows } = await sql.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
  return rows[0]!.value;
}

async function readColumns(sql: pg.Client): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    `SELECT attname AS name
     FROM pg_attribute
     WHERE attrelid = 'cdrs'::regclass
       AND attnum > 0
       AND NOT attisdropped
     ORDER BY attnum`,
  );
  return rows.map(({ name }) => name);
}
