export { entityExists, entityOwners, type OwnersElsewhere } from './entities/entity-owners.ts';
export { entityNames } from './entities/entity-names.ts';
export { entities, type OwnedEntity } from './entities/entity.repository.ts';
export { registerEntities } from './entities/register-entities.ts';
export { logsIntake, type ImportPart } from './logs/logs-intake.ts';
export { openImportReader, type ImportReader } from './logs/open-import-reader.ts';
export { seedLogs } from './logs/seed-logs.ts';
