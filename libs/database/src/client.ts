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
  statementTimeout?: number;
}

/** Opens the one shared client. It connects on first use; a connection that cannot be had within 2 s fails. */
export const openDatabase = ({
  url,
  name,
  connections = 10,
  statementTimeout = 30_000,
}: DatabaseOptions): Database =>
  new PrismaClient({
    adapter: new PrismaPg(
      {
        connectionString: url,
        application_name: name,
        max: connections,
        connectionTimeoutMillis: 2_000,
        idleTimeoutMillis: 60_000,
        statement_timeout: statementTimeout,
        idle_in_transaction_session_timeout: 60_000,
        keepAlive: true,
      },
      // An idle connection that dies is replaced on next use; the query that needs it reports what is wrong.
      { onPoolError: () => {} },
    ),
    transactionOptions: { maxWait: 5_000, timeout: 60_000 },
    errorFormat: 'minimal',
  });

/** Answers when the database does. */
export const pingDatabase = async (db: Queryable): Promise<void> => {
  await db.$queryRaw`SELECT 1`;
};
