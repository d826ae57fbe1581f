import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Prisma } from './generated/client.ts';

export type Database = PrismaClient;

/** What a repository asks for: the database itself or an open transaction. */
export type Queryable = Prisma.TransactionClient;

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Open at most; default 10. */
  connections?: number;
  /** Milliseconds one statement may take; default 30,000. */
  statementTimeoutMs?: number;
}

/** Opens the one shared client. It connects on first use; a connection that cannot be had within 2 s fails. */
export function createDatabase({
  url,
  name,
  connections = 10,
  statementTimeoutMs = 30_000,
}: DatabaseOptions): Database {
  return new PrismaClient({
    adapter: new PrismaPg(
      {
        connectionString: url,
        application_name: name,
        max: connections,
        connectionTimeoutMillis: 2_000,
        idleTimeoutMillis: 60_000,
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: 60_000,
        keepAlive: true,
      },
      // An idle connection that dies is replaced on next use; the query that needs it reports what is wrong.
      { onPoolError: () => {}, statementNameGenerator: createStatementNamer() },
    ),
    transactionOptions: { maxWait: 5_000, timeout: 60_000 },
    errorFormat: 'minimal',
  });
}

const MAX_NAMED_STATEMENTS = 300;
const MAX_NAMED_LENGTH = 4_000;

/**
 * A statement that begins with it is never named: its best plan depends on its values, or its text comes in so many forms that
 * it would use up the names of all others.
 */
export const UNPREPARED = '/* planned anew */';

/**
 * Names the statements that come again and again, so that PostgreSQL parses and plans each once for a connection
 * (docs/decisions/0004-prepared-statements.md). Long ones are those whose text grows with their rows; they seldom come again.
 */
function createStatementNamer(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return function nameStatement({ sql }) {
    const known = names.get(sql);
    if (known) return known;
    // An empty name is none.
    if (names.size >= MAX_NAMED_STATEMENTS || sql.length > MAX_NAMED_LENGTH || sql.startsWith(UNPREPARED))
      return '';
    const name = `oriontel_${names.size}`;
    names.set(sql, name);
    return name;
  };
}

/** Answers when the database does. */
export async function pingDatabase(db: Queryable): Promise<void> {
  await db.$queryRaw`SELECT 1`;
}
