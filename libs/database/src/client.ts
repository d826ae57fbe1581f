import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { createPool } from './create-pool.ts';
import { isUnavailable } from './database-error.ts';
import { Prisma, PrismaClient } from './generated/client.ts';
import {
  createPlainSql,
  runSqlTransaction,
  type PlainSql,
  type Queryable,
  type SqlTransaction,
} from './sql-transaction.ts';

/** Has the models of Prisma: the database or a transaction of Prisma. */
export type ModelQueryable = Prisma.TransactionClient;

/** The client of Prisma, and transactions of plain SQL on the same connections. */
export type Database = PrismaClient & {
  /** Runs single statements without Prisma, for those whose cost per row matters. */
  $sql: PlainSql;
  $sqlTransaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>;
};

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /**
   * Maximum number of connections.
   * @default 10
   */
  connections?: number;
  /**
   * Maximum duration of one statement.
   * @default 30000
   */
  statementTimeoutMs?: number;
}

/** Until a transaction of Prisma has a connection. */
const MAX_TRANSACTION_WAIT_MS = 2_000;

/**
 * Creates a client, one per process. It connects on first use; connecting fails after 2 s. A statement whose
 * server stops to respond is rejected after about 4 s (create-pool.ts).
 */
export function createDatabase({
  url,
  name,
  connections = 10,
  statementTimeoutMs = 30_000,
}: DatabaseOptions): Database {
  const pool = createPool({
    connectionString: url,
    application_name: name,
    max: connections,
    statementTimeoutMs,
  });
  const nameOf = createStatementNamer();
  const client = new PrismaClient({
    adapter: new PrismaPg(pool, {
      disposeExternalPool: true,
      statementNameGenerator: ({ sql }) => nameOf(sql),
    }),
    transactionOptions: { maxWait: MAX_TRANSACTION_WAIT_MS, timeout: 60_000 },
    errorFormat: 'minimal',
  });
  return Object.assign(client, {
    $sql: createPlainSql(pool, nameOf),
    $sqlTransaction: <T>(work: (tx: SqlTransaction) => Promise<T>) => runSqlTransaction(pool, nameOf, work),
  });
}

const MAX_NAMED_STATEMENTS = 300;
const MAX_NAMED_CHARACTERS = 4_000;

const UNPREPARED_PREFIX = '/* unprepared */';

/**
 * The beginning of statements that must not be prepared: their best plan depends on their values, or their
 * text has so many variants that they would use up the names of all others.
 */
export const UNPREPARED = Prisma.raw(UNPREPARED_PREFIX);

/**
 * Names recurring statements, so that PostgreSQL parses and plans each once per connection
 * (docs/decisions/0004-prepared-statements.md). Long statements are not named: their text grows with their
 * rows and rarely recurs.
 */
function createStatementNamer(): (sql: string) => string {
  const names = new Map<string, string>();
  return function nameStatement(sql) {
    const known = names.get(sql);
    if (known) return known;
    const isNamed =
      names.size < MAX_NAMED_STATEMENTS &&
      sql.length <= MAX_NAMED_CHARACTERS &&
      !sql.startsWith(UNPREPARED_PREFIX);
    // An empty name means: not prepared.
    if (!isNamed) return '';
    const name = `oriontel_${names.size}`;
    names.set(sql, name);
    return name;
  };
}

const AWAIT_INTERVAL_MS = 250;

/**
 * Resolves when the database responds. It may be restarting, or the machine busy: rejects only after
 * `timeoutMs`, or at once if the error is permanent.
 */
export async function awaitDatabase(db: Queryable, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await pingDatabase(db);
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > end) throw error;
      await sleep(AWAIT_INTERVAL_MS);
    }
  }
}

/** Rejects if the database is unreachable. */
export async function pingDatabase(db: Queryable): Promise<void> {
  await db.$queryRaw`SELECT 1`;
}
