export { readCursor, writeCursor, type Cursor } from './cursor.ts';
export { EntityName, type EntityRef } from './entity.ts';
export { eventIdTime, newEventId, type EventIdTime } from './event-id.ts';
export {
  Failure,
  failures,
  fieldFailure,
  fieldName,
  type FailureCode,
  type FailureOptions,
  type Problem,
} from './failure.ts';
export {
  integerBetween,
  Email,
  Id,
  IdText,
  Label,
  isStorableText,
  required,
  STORABLE_TEXT_MESSAGE,
  seconds,
  text,
  time,
} from './fields.ts';
export { measureJson, type JsonStructure } from './measure-json.ts';
export { JsonObject, checkStorable } from './json-object.ts';
export { Limit, pageQuery, type Page, type Paged } from './page.ts';
export { DEFAULT_ORG_ID, MAX_ID, roles, scopes, type Principal, type Role, type Scope } from './principal.ts';
export { Region } from './region.ts';
export { memoize } from './memoize.ts';
export { compactStamp, isoTime, isoTimeOrNull } from './time.ts';
export { withTimeout } from './with-timeout.ts';
export { startPoller, type Poller } from './start-poller.ts';
