import { once } from 'node:events';
import pg, { type CustomTypesConfig, type Pool, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Prisma } from './generated/client.ts';

/** Runs SQL: the database, a transaction of Prisma, or one of `$sqlTransaction`. */
export type Queryable = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

/** A row as PostgreSQL writes its columns (manual, 8, "Data Types"); null is NULL. */
export type TextRow = (string | null)[];

/** Plain SQL without Prisma, each statement in a transaction of its own. */
export interface PlainSql extends Queryable {
  /** Reads rows without converting their columns: the cheapest way to read many. */
  $queryText(sql: Prisma.Sql): Promise<TextRow[]>;
}

/** A transaction without the models of Prisma, for statements whose cost per row matters. */
export interface SqlTransaction extends Queryable {
  /** Appends rows to a table: the cheapest way to insert many. `columns` are names in SQL. */
  copyInto(table: string, columns: readonly string[], rows: Iterable<CopyValue[]>): Promise<void>;
  /** Undoes what `work` did if it rejects; the transaction can go on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

export type CopyValue = string | number | Date | null;

/**
 * Statements of a drain find rows by key. Without these settings PostgreSQL scans a whole partition as long
 * as it has no statistics, which is the first minute of every month.
 */
const BEGIN = `BEGIN;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off`;

type ParseText = (text: string) => unknown;

/** Results have the types that Prisma gives them. */
const PARSERS: Partial<Record<number, ParseText>> = {
  [pg.types.builtins.INT8]: BigInt,
  [pg.types.builtins.NUMERIC]: (text) => new Prisma.Decimal(text),
};

const RESULT_TYPES: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): ParseText {
    return PARSERS[oid] ?? (pg.types.getTypeParser(oid, format) as ParseText);
  },
};

/**
 * Commits what `work` did, or rolls back and rejects with its error. `nameOf` returns the name under which a
 * statement is prepared, or an empty string.
 */
export async function runSqlTransaction<T>(
  pool: Pool,
  nameOf: (sql: string) => string,
  work: (tx: SqlTransaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  // The statement that a lost connection interrupts reports it; without a listener the process would exit.
  const onLost = (error: Error): void => void (failure = error);
  client.on('error', onLost);
  try {
    await client.query(BEGIN);
    const result = await work(createTransaction(client, nameOf));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((err: Error) => (failure = err));
    throw error;
  } finally {
    client.off('error', onLost);
    // A connection that is lost or cannot roll back is closed.
    client.release(failure);
  }
}

const TEXT_TYPES: CustomTypesConfig = { getTypeParser: () => (text: string) => text };

/** Runs plain SQL on a connection of the pool. */
export function createPlainSql(pool: Pool, nameOf: (sql: string) => string): PlainSql {
  return {
    ...createQueryable(pool, nameOf),
    async $queryText({ text, values }) {
      const name = nameOf(text);
      const query = { ...(name && { name }), text, values, rowMode: 'array' as const, types: TEXT_TYPES };
      return (await pool.query<TextRow>(query)).rows;
    },
  };
}

function createQueryable(client: Pool | PoolClient, nameOf: (sql: string) => string): Queryable {
  function run(query: TemplateStringsArray | Prisma.Sql, values: unknown[]) {
    const { text, values: parameters } = 'raw' in query ? Prisma.sql(query, ...values) : query;
    const name = nameOf(text);
    return client.query<object>({ ...(name && { name }), text, values: parameters, types: RESULT_TYPES });
  }
  return {
    async $queryRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) {
      return (await run(query, values)).rows;
    },
    async $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) {
      return (await run(query, values)).rowCount ?? 0;
    },
  } as Queryable;
}

function createTransaction(client: PoolClient, nameOf: (sql: string) => string): SqlTransaction {
  return {
    ...createQueryable(client, nameOf),
    async copyInto(table, columns, rows) {
      const stream = client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
      let text = '';
      for (const row of rows) text += `${row.map(toCopyText).join('\t')}\n`;
      stream.end(text);
      await once(stream, 'finish');
    },
    async savepoint(work) {
      await client.query('SAVEPOINT work');
      try {
        return await work();
      } catch (error) {
        await client.query('ROLLBACK TO SAVEPOINT work');
        throw error;
      }
    },
  };
}

const SPECIAL = /[\\\n\r\t]/g;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text format of COPY (PostgreSQL manual, COPY, "Text Format"). */
function toCopyText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') {
    return value.search(SPECIAL) < 0 ? value : value.replace(SPECIAL, (special) => ESCAPES[special]!);
  }
  return typeof value === 'number' ? String(value) : value.toISOString();
}
