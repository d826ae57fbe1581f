import { IdText, isoTime, isoTimeOrNull, Limit, readCursor, writeCursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { Circuit } from '@oriontel/outbound';
import { z } from 'zod';
import { forwardings, MAX_COUNTED, type DeadLetter } from './forwarding.repository.ts';
import { sgapiCircuit } from './sgapi-circuit.ts';

const time = z.iso.datetime();
const count = z
  .int()
  .min(0)
  .meta({ description: `Number of submissions; ${MAX_COUNTED} means that many or more` });

export const ForwardingQuery = z.strictObject({
  org_id: IdText.optional(),
  limit: Limit,
  cursor: z.string().max(200).optional(),
});

const DeadLetterRecord = z
  .object({
    id: z.string().meta({ description: 'Id of the submission, sent as the Idempotency-Key of each attempt' }),
    org_id: z.int(),
    batch_id: z.string(),
    source: z.string(),
    sgapi_reference: z.string(),
    records: z.int(),
    attempts: z.int(),
    reason: z.string().meta({ description: 'Why the last attempt failed' }),
    accepted_at: time,
    first_tried_at: time.nullable(),
    dead_at: time,
  })
  .meta({ id: 'DeadLetter' });

const CircuitState = z.object({
  state: z.enum(['closed', 'open', 'half-open']).meta({
    description:
      'closed: batches are sent; open: none is sent; half-open: the next one is a probe. ' +
      'One circuit for all organizations',
  }),
  since: time.nullable(),
  retry_at: time.nullable(),
  reason: z.string().nullable(),
});

/** The state of forwarding to the remote Service Gateway. */
export const ForwardingStatus = z
  .object({
    pending: count,
    done: count.meta({ description: 'Delivered in the last 7 days' }),
    dead: count,
    oldest_pending: time.nullable().meta({ description: 'When the oldest pending batch was accepted' }),
    circuit: CircuitState,
    dead_letters: z.array(DeadLetterRecord).meta({ description: 'The latest accepted first' }),
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
          reason: 'HTTP 500',
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
            reason: 'HTTP 400: unknown trunk',
            accepted_at: '2024-01-15T10:36:00Z',
            first_tried_at: '2024-01-15T10:36:01Z',
            dead_at: '2024-01-15T10:36:01Z',
          },
        ],
      },
    ],
  });
export type ForwardingStatus = z.output<typeof ForwardingStatus>;

/** Reads the counts, the circuit and a page of dead letters. `orgId` null: of all organizations. */
export function forwardingStatus(db: Queryable) {
  return async function readForwardingStatus(
    orgId: number | null,
    { limit, cursor }: z.output<typeof ForwardingQuery>,
  ): Promise<{ status: ForwardingStatus; nextCursor: string | null }> {
    const before = cursor ? readCursor(cursor) : null;
    const deadLetters = await forwardings(db).deadLetters(orgId, { before, limit: limit + 1 });
    const page = deadLetters.slice(0, limit);
    const last = page.at(-1);
    const status = {
      ...(await forwardings(db).counts(orgId)),
      oldest_pending: isoTimeOrNull(await forwardings(db).oldestPending(orgId)),
      circuit: presentCircuit(await sgapiCircuit(db).read()),
      dead_letters: page.map(presentDeadLetter),
    };
    const nextCursor =
      last && deadLetters.length > limit
        ? writeCursor({ time: last.acceptedAt, id: last.submissionId })
        : null;
    return { status, nextCursor };
  };
}

function presentCircuit(circuit: Circuit): ForwardingStatus['circuit'] {
  if (circuit.state === 'closed') return { state: circuit.state, since: null, retry_at: null, reason: null };
  const { state, since, until, reason } = circuit;
  return { state, since: isoTime(since), retry_at: isoTime(until), reason };
}

function presentDeadLetter(deadLetter: DeadLetter): z.output<typeof DeadLetterRecord> {
  return {
    id: deadLetter.submissionId,
    org_id: deadLetter.orgId,
    batch_id: deadLetter.batchId,
    source: deadLetter.source,
    sgapi_reference: deadLetter.sgapiReference,
    records: deadLetter.records,
    attempts: deadLetter.attempts,
    reason: deadLetter.reason,
    accepted_at: isoTime(deadLetter.acceptedAt),
    first_tried_at: isoTimeOrNull(deadLetter.firstTriedAt),
    dead_at: isoTime(deadLetter.finishedAt),
  };
}
