export { readCursor, writeCursor, type Cursor } from './cursor.ts';
export { EntityName, type EntityRef } from './entity.ts';
export { Failure, failures, type FailureCode, type FailureOptions, type Problem } from './failure.ts';
export {
  DEFAULT_ORG,
  LARGEST_ID,
  roles,
  scopes,
  type Principal,
  type Role,
  type Scope,
} from './principal.ts';
export { remember } from './remember.ts';
export { compactStamp, isoTime, isoTimeOrNull } from './time.ts';
export { within } from './within.ts';
