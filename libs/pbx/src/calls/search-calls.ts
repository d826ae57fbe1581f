import { pageQuery, text, time, type Page, type Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { CallStatus, type FoundCall } from './call.ts';
import { calls, type CallFilter } from './call.repository.ts';

/** Restores a leading `+` that was not percent-encoded and therefore arrives as a space. */
const phoneNumber = text(255).transform((value) => value.replace(/^ (?=\d)/, '+'));

export const ActiveCallQuery = z.strictObject({
  ...pageQuery,
  from: time.optional().meta({ description: 'Calls started at or after this time' }),
  to: time.optional().meta({ description: 'Calls started at or before this time' }),
  text: phoneNumber
    .optional()
    .meta({ description: 'Substring of caller_id, recipient_id or call_id, case-insensitive' }),
  caller_id: phoneNumber.optional(),
  recipient_id: phoneNumber.optional(),
  call_id: text(255).optional(),
});
export type ActiveCallQuery = z.output<typeof ActiveCallQuery>;

export const CallQuery = ActiveCallQuery.extend({ status: CallStatus.optional() });
export type CallQuery = z.output<typeof CallQuery>;

/** A page of calls, newest first. */
export function searchCalls(db: Queryable) {
  return async function findCallPage(orgId: number | null, query: CallQuery): Promise<Paged<FoundCall>> {
    const filter = toCallFilter(query);
    const page: Page = query;
    const [items, total] = await Promise.all([
      calls(db).search(orgId, filter, page),
      calls(db).count(orgId, filter),
    ]);
    return { items, total };
  };
}

function toCallFilter({ status, from, to, text, caller_id, recipient_id, call_id }: CallQuery): CallFilter {
  return {
    status,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
    text,
    callerId: caller_id,
    recipientId: recipient_id,
    callId: call_id,
  };
}
