import pg, { type ClientConfig, type Pool, type PoolConfig } from 'pg';
import { createConnectionGuard } from './create-connection-guard.ts';

const CONNECT_TIMEOUT_MS = 2_000;
const IDLE_TIMEOUT_MS = 60_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_DELAY_MS = 10_000;

export interface PoolOptions extends Pick<PoolConfig, 'connectionString' | 'application_name' | 'max'> {
  /** Maximum duration of one statement. */
  statementTimeoutMs: number;
}

/**
 * Creates a pool that closes a connection whose server has stopped to respond: the waiting statement is
 * rejected after about 1 s if the connection is half-open and 4 s if the server hangs, and the pool replaces
 * the connection. (`query_timeout` of pg rejects too, but keeps the connection in use.)
 */
export function createPool({ statementTimeoutMs, ...options }: PoolOptions): Pool {
  const config: PoolConfig & ClientConfig = {
    ...options,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  };
  const pool = new pg.Pool({ ...config, Client: createConnectionGuard(config) });
  // A lost idle connection is replaced on next use; the query that needs it reports the error.
  pool.on('error', () => {});
  return pool;
}
