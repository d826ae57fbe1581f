import { isoTime } from '@oriontel/contracts';
import type { QuarantineEntry, QuarantineItem } from '@oriontel/intake';
import { z } from 'zod';
import type { CdrPayload } from '../parse/cdr-intake.ts';

/** Machine-readable reasons for quarantine. */
export const QUARANTINE_REASONS = ['unreadable', 'invalid', 'conflict', 'poison'] as const;

const entryFields = {
  id: z.string(),
  org_id: z.int(),
  batch_id: z.string(),
  reason: z.string().meta({ description: 'unreadable, invalid, conflict or poison' }),
  detail: z.string().meta({ description: 'The problem and what to do' }),
  source: z.string(),
  record_count: z.int().meta({ description: 'Records in it' }),
  bytes: z.int().meta({ description: 'Size of its content as JSON' }),
  accepted_at: z.iso.datetime(),
  quarantined_at: z.iso.datetime(),
};

const EXAMPLE = {
  id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  org_id: 12345,
  batch_id: 'batch001',
  reason: 'conflict',
  detail: 'abc123-def456 is stored already with other content',
  source: 'freeswitch-node-01',
  record_count: 1,
  bytes: 412,
  accepted_at: '2024-01-15T10:36:00Z',
  quarantined_at: '2024-01-15T10:36:01Z',
};

/** A CDR that was accepted and cannot be stored, as a list shows it: without its content. */
export const QuarantinedCdrEntry = z.object(entryFields).meta({
  id: 'QuarantinedCdrEntry',
  examples: [EXAMPLE],
});
export type QuarantinedCdrEntry = z.output<typeof QuarantinedCdrEntry>;

/** Content of more bytes is left out, and read from `GET /cdrs/quarantine/{id}/content`. */
export const MAX_INLINE_BYTES = 1024 * 1024;

/** A CDR that was accepted and cannot be stored, with its content. */
export const QuarantinedCdr = z
  .object({
    ...entryFields,
    records: z.array(z.unknown()).nullable().meta({
      description: 'As sent; null for a FreeSWITCH document, and if `bytes` exceeds 1 MiB: see content',
    }),
    document: z.string().nullable().meta({ description: 'A FreeSWITCH body as sent, up to 1 MiB' }),
  })
  .meta({
    id: 'QuarantinedCdr',
    examples: [
      {
        ...EXAMPLE,
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
      },
    ],
  });
export type QuarantinedCdr = z.output<typeof QuarantinedCdr>;

/** Converts an entry to its JSON format. */
export function presentEntry(entry: QuarantineEntry): QuarantinedCdrEntry {
  return {
    id: entry.id,
    org_id: entry.orgId,
    batch_id: entry.key,
    reason: entry.reason,
    detail: entry.detail,
    source: entry.source ?? '',
    record_count: entry.items,
    bytes: entry.bytes,
    accepted_at: isoTime(entry.acceptedAt),
    quarantined_at: isoTime(entry.quarantinedAt),
  };
}

/** Converts an item to its JSON format; `payload` is null if it is too large. */
export function presentQuarantined(item: QuarantineItem): QuarantinedCdr {
  const payload = item.payload as CdrPayload | null;
  return {
    ...presentEntry(item),
    records: payload?.format === 'platform' ? payload.records : null,
    document: payload?.format === 'freeswitch' ? payload.body : null,
  };
}
