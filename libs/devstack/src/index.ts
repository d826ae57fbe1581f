export { startPostgres, type PostgresServer } from './postgres-server.ts';
export { findRedis, startRedis, type RedisServer } from './redis-server.ts';
