export { anyContains, orgScope } from './conditions.ts';
export {
  awaitDatabase,
  createDatabase,
  pingDatabase,
  UNPREPARED,
  type Database,
  type DatabaseOptions,
  type ModelQueryable,
} from './client.ts';
export type { CopyValue, PlainSql, Queryable, SqlTransaction, TextRow } from './sql-transaction.ts';
export { isBadData, isUniqueViolation, isUnavailable } from './database-error.ts';
export { Prisma } from './generated/client.ts';
export { queryPage } from './query-page.ts';
export { applyMigrations, pendingSchemaChange } from './migrate.ts';
export { dropPartition, createPartitions, pastPartitions, type Partition } from './partitions.ts';
