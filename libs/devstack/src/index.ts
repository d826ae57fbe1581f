export { openDataDirDatabase, type DataDirDatabase } from './data-dir-database.ts';
export { startPostgres, type PostgresServer } from './postgres-server.ts';
export { findRedis, startRedis, type RedisServer } from './redis-server.ts';
export { runStack, type StackOptions } from './run-stack.ts';
export { appFiles, type AppName } from './start/app-processes.ts';
export type { AppSupervisor } from './supervise.ts';
export type { Log } from './log.ts';
