import type pg from 'pg';

/**
 * The baseline of storing: the rows that are in the table now, written out, and read in again by the server itself into
 * the same table with the same indexes. Returns rows a second.
 */
export async function measureCopyRate(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
  const file = `${rows[0]!.folder}/bench-cdrs.copy`;
  const { rowCount } = await sql.query(`COPY (SELECT * FROM cdrs) TO '${file}' (FORMAT binary)`);
  await sql.query('TRUNCATE cdrs');
  await sql.query('CHECKPOINT');
  const started = performance.now();
  await sql.query(`COPY cdrs FROM '${file}' (FORMAT binary)`);
  return (rowCount ?? 0) / ((performance.now() - started) / 1000);
}
