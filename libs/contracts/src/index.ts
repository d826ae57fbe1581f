export { readCursor, writeCursor, type Cursor } from './cursor.ts';
export { EntityName, type EntityRef } from './entity.ts';
export { eventIdTime, newEventId, type IdTime } from './event-id.ts';
export {
  Failure,
  failures,
  refuseField,
  type FailureCode,
  type FailureOptions,
  type Problem,
} from './failure.ts';
export { code, Email, Id, IdText, Label, isStorableText, required, seconds, text, time } from './fields.ts';
export { JsonObject, storable } from './json-object.ts';
export { Limit, pageQuery, type Page, type Paged } from './page.ts';
export {
  DEFAULT_ORG,
  LARGEST_ID,
  roles,
  scopes,
  type Principal,
  type Role,
  type Scope,
} from './principal.ts';
export { Region } from './region.ts';
export { remember } from './remember.ts';
export { compactStamp, isoTime, isoTimeOrNull } from './time.ts';
export { within } from './within.ts';
export { isPublicAddress } from './public-address.ts';
export { keepPolling, type Polling } from './keep-polling.ts';
