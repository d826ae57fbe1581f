export { anyContains, everyOrg } from './conditions.ts';
export {
  openDatabase,
  pingDatabase,
  PLANNED_ANEW,
  type Database,
  type DatabaseOptions,
  type Queryable,
} from './client.ts';
export { isBadData, isUniqueViolation, isUnavailable } from './database-error.ts';
export { Prisma } from './generated/client.ts';
export { applyMigrations, MONTHS_AHEAD, pendingSchemaChange } from './migrate.ts';
export { dropPartition, makePartitions, pastPartitions, type Partition } from './partitions.ts';
