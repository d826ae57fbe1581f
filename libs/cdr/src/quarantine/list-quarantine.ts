import { IdText, Limit, readCursor, text, time, writeCursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { quarantine } from '@oriontel/intake';
import { z } from 'zod';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { presentEntry, QUARANTINE_REASONS, type QuarantinedCdrEntry } from './quarantined-cdr.ts';

export const QuarantineQuery = z.strictObject({
  batch_id: text(128).optional(),
  reason: z.enum(QUARANTINE_REASONS, `must be one of ${QUARANTINE_REASONS.join(', ')}`).optional(),
  source: text(255).optional().meta({ description: 'The sender of the batch' }),
  from: time.optional().meta({ description: 'Earliest time of quarantine, inclusive' }),
  to: time.optional().meta({ description: 'Latest time of quarantine, inclusive' }),
  org_id: IdText.optional(),
  limit: Limit,
  cursor: z.string().max(200).optional(),
});
export type QuarantineQuery = z.output<typeof QuarantineQuery>;

/** Lists a page of quarantined CDRs, newest first. `nextCursor` is null on the last page. */
export function listQuarantine(db: Queryable) {
  return async function listPage(
    orgId: number | null,
    { batch_id: key, reason, source, from, to, limit, cursor }: QuarantineQuery,
  ): Promise<{ items: QuarantinedCdrEntry[]; nextCursor: string | null }> {
    const items = await quarantine(db).list(cdrIntake.queue.name, orgId, {
      key,
      reason,
      source,
      from: from ? new Date(from) : null,
      to: to ? new Date(to) : null,
      before: cursor ? readCursor(cursor) : null,
      limit: limit + 1,
    });
    const page = items.slice(0, limit);
    const last = page.at(-1);
    const nextCursor =
      last && items.length > limit ? writeCursor({ time: last.quarantinedAt, id: last.id }) : null;
    return { items: page.map(presentEntry), nextCursor };
  };
}
