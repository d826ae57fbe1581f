import { IdText, isoTime, isoTimeOrNull, Limit, readCursor, writeCursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { circuit, type Circuit } from './circuit.repository.ts';
import { forwardings, MAX_COUNTED, type DeadLetter } from './forwarding.repository.ts';

const time = z.iso.datetime();
const count = z
  .int()
  .min(0)
  .meta({ description: `Submissions; ${MAX_COUNTED} means so many or more` });

export const ForwardingQuery = z.strictObject({
  org_id: IdText.optional(),
  limit: Limit,
  cursor: z.string().max(200).optional(),
});

const DeadLetterRecord = z
  .object({
    id: z.string().meta({ description: 'Of the submission; the Idempotency-Key of its tries' }),
    org_id: z.int(),
    batch_id: z.string(),
    source: z.string(),
    sgapi_reference: z.string(),
    records: z.int(),
    attempts: z.int(),
    reason: z.string().meta({ description: 'What became of the last try' }),
    accepted_at: time,
    first_tried_at: time.nullable(),
    dead_at: time,
  })
  .meta({ id: 'DeadLetter' });

const CircuitState = z.object({
  state: z.enum(['closed', 'open', 'half-open']).meta({
    description:
      'closed: batches are sent; open: none is; half-open: the next one tells. One circuit for all organizations',
  }),
  since: time.nullable(),
  retry_at: time.nullable(),
  reason: z.string().nullable(),
});

/** How far the remote Service Gateway has been told. */
export const ForwardingStatus = z
  .object({
    pending: count,
    done: count.meta({ description: 'Arrived in the last 7 days' }),
    dead: count,
    oldest_pending: time.nullable().meta({ description: 'When the oldest batch on its way was accepted' }),
    circuit: CircuitState,
    dead_letters: z.array(DeadLetterRecord).meta({ description: 'Those accepted last first' }),
  })
  .meta({
    id: 'ForwardingStatus',
    examples: [
      {
        pending: 3,
        done: 1250,
        dead: 1,
        oldest_pending: '2024-01-15T10:36:00Z',
        circuit: {
          state: 'open',
          since: '2024-01-15T10:36:02Z',
          retry_at: '2024-01-15T10:36:10Z',
          reason: 'answered 500',
        },
        dead_letters: [
          {
            id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
            org_id: 12345,
            batch_id: 'batch001',
            source: 'freeswitch-node-01',
            sgapi_reference: 'sgapi-20240115-103600-001',
            records: 1,
            attempts: 1,
            reason: 'answered 400: unknown trunk',
            accepted_at: '2024-01-15T10:36:00Z',
            first_tried_at: '2024-01-15T10:36:01Z',
            dead_at: '2024-01-15T10:36:01Z',
          },
        ],
      },
    ],
  });
export type ForwardingStatus = z.output<typeof ForwardingStatus>;

/** Counts, the circuit, and a page of dead letters. `orgId` null: of all organizations. */
export function forwardingStatus(db: Queryable) {
  return async function readForwardingStatus(
    orgId: number | null,
    { limit, cursor }: z.output<typeof ForwardingQuery>,
  ): Promise<{ status: ForwardingStatus; nextCursor: string | null }> {
    const before = cursor ? readCursor(cursor) : null;
    const letters = await forwardings(db).deadLetters(orgId, { before, limit: limit + 1 });
    const page = letters.slice(0, limit);
    const last = page.at(-1);
    const status = {
      ...(await forwardings(db).counts(orgId)),
      oldest_pending: isoTimeOrNull(await forwardings(db).oldestPending(orgId)),
      circuit: presentCircuit(await circuit(db).read()),
      dead_letters: page.map(presentDeadLetter),
    };
    const nextCursor =
      last && letters.length > limit ? writeCursor({ time: last.acceptedAt, id: last.submissionId }) : null;
    return { status, nextCursor };
  };
}

function presentCircuit(now: Circuit): ForwardingStatus['circuit'] {
  return now.state === 'closed'
    ? { state: now.state, since: null, retry_at: null, reason: null }
    : { state: now.state, since: isoTime(now.since), retry_at: isoTime(now.until), reason: now.reason };
}

function presentDeadLetter(letter: DeadLetter): z.output<typeof DeadLetterRecord> {
  return {
    id: letter.submissionId,
    org_id: letter.orgId,
    batch_id: letter.batchId,
    source: letter.source,
    sgapi_reference: letter.sgapiReference,
    records: letter.records,
    attempts: letter.attempts,
    reason: letter.reason,
    accepted_at: isoTime(letter.acceptedAt),
    first_tried_at: isoTimeOrNull(letter.firstTriedAt),
    dead_at: isoTime(letter.finishedAt),
  };
}
