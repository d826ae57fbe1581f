import { IdText, isoTime, Limit, readCursor, text, writeCursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { quarantine, type QuarantineItem } from '@oriontel/intake';
import { z } from 'zod';
import { cdrIntake, type CdrPayload } from './cdr-intake.ts';

export const QuarantineQuery = z.strictObject({
  batch_id: text(128).optional(),
  org_id: IdText.optional(),
  limit: Limit,
  cursor: z.string().max(200).optional(),
});

export const QuarantinedCdr = z
  .object({
    id: z.string(),
    org_id: z.int(),
    batch_id: z.string(),
    reason: z.string().meta({ description: 'unreadable, invalid, conflict or poison' }),
    detail: z.string().meta({ description: 'What is wrong and what to do' }),
    source: z.string(),
    records: z
      .array(z.unknown())
      .nullable()
      .meta({ description: 'As they came; null for a FreeSWITCH document' }),
    document: z.string().nullable().meta({ description: 'A FreeSWITCH body as it came' }),
    accepted_at: z.iso.datetime(),
    quarantined_at: z.iso.datetime(),
  })
  .meta({
    id: 'QuarantinedCdr',
    examples: [
      {
        id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
        org_id: 12345,
        batch_id: 'batch001',
        reason: 'conflict',
        detail: 'abc123-def456 is stored already with other content',
        source: 'freeswitch-node-01',
        records: [
          {
            call_id: 'abc123-def456',
            caller: '+14155551234',
            callee: '+14155555678',
            start_time: '2024-01-15T10:30:00Z',
            end_time: '2024-01-15T10:35:42Z',
            duration: 342,
            disposition: 'ANSWERED',
            trunk_id: 'trunk_001',
          },
        ],
        document: null,
        accepted_at: '2024-01-15T10:36:00Z',
        quarantined_at: '2024-01-15T10:36:01Z',
      },
    ],
  });
export type QuarantinedCdr = z.output<typeof QuarantinedCdr>;

/** Newest first. */
export const listQuarantine =
  (db: Queryable) => async (orgId: number | null, query: z.output<typeof QuarantineQuery>) => {
    const { batch_id, limit, cursor } = query;
    const before = cursor ? readCursor(cursor) : null;
    const items = await quarantine(db).list(cdrIntake.queue.name, orgId, {
      key: batch_id ?? null,
      before,
      limit: limit + 1,
    });
    const page = items.slice(0, limit);
    const last = page.at(-1);
    const nextCursor =
      last && items.length > limit ? writeCursor({ time: last.quarantinedAt, id: last.id }) : null;
    return { items: page.map(present), nextCursor };
  };

const present = ({
  id,
  orgId,
  key,
  reason,
  detail,
  payload,
  acceptedAt,
  quarantinedAt,
}: QuarantineItem): QuarantinedCdr => {
  const submission = payload as CdrPayload;
  return {
    id,
    org_id: orgId,
    batch_id: key,
    reason,
    detail,
    source: submission.source,
    records: submission.format === 'platform' ? submission.records : null,
    document: submission.format === 'freeswitch' ? submission.body : null,
    accepted_at: isoTime(acceptedAt),
    quarantined_at: isoTime(quarantinedAt),
  };
};
