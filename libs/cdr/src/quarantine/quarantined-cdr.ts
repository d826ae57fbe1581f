import { isoTime } from '@oriontel/contracts';
import type { QuarantineItem } from '@oriontel/intake';
import { z } from 'zod';
import type { CdrPayload } from '../parse/cdr-intake.ts';

/** Machine-readable reasons for quarantine. */
export const QUARANTINE_REASONS = ['unreadable', 'invalid', 'conflict', 'poison'] as const;

/** A CDR that was accepted and cannot be stored. */
export const QuarantinedCdr = z
  .object({
    id: z.string(),
    org_id: z.int(),
    batch_id: z.string(),
    reason: z.string().meta({ description: 'unreadable, invalid, conflict or poison' }),
    detail: z.string().meta({ description: 'The problem and what to do' }),
    source: z.string(),
    records: z.array(z.unknown()).nullable().meta({ description: 'As sent; null for a FreeSWITCH document' }),
    document: z.string().nullable().meta({ description: 'A FreeSWITCH body as sent' }),
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

/** Converts a quarantined item to its JSON format. */
export function presentQuarantined({
  id,
  orgId,
  key,
  reason,
  detail,
  payload,
  acceptedAt,
  quarantinedAt,
}: QuarantineItem): QuarantinedCdr {
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
}
