import type pg from 'pg';

/**
 * Storage baseline: writes the present rows of `cdrs` to a file and lets the server COPY them back into the
 * same table with the same indexes. Returns rows per second.
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
