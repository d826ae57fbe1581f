import type { IntakeRow } from '@oriontel/intake';
import type { CallLeg, LegFacts } from '../calls/call-record.ts';
import { cdrId } from './cdr-id.ts';
import type { CdrPayload } from './cdr-intake.ts';
import { readFreeswitch } from './freeswitch/read-freeswitch.ts';
import { contentHash } from './normalize/content-hash.ts';
import { normalizeLeg } from './normalize/normalize-leg.ts';
import { checkRecord } from './platform/check-record.ts';

/** A normalized leg with all that is stored of it. */
export interface StoredLeg extends CallLeg {
  id: string;
  orgId: number;
  batchId: string;
  contentHash: string;
  /** As it came: a platform record itself; of a FreeSWITCH document its body, to be read again. */
  raw: unknown;
}

/** One record of a submission, read: a leg, or the reason why it is none. */
export type ReadRecord = {
  /** The submission cut down to this record, to be quarantined and driven again by itself. */
  extractPayload: () => CdrPayload;
} & ({ ok: true; leg: StoredLeg } | { ok: false; reason: 'invalid' | 'unreadable'; detail: string });

/** CDRMunch: reads and normalizes what a request brought. Pure: the same row always gives the same legs. */
export function readSubmission(
  row: Pick<IntakeRow<CdrPayload>, 'orgId' | 'payload'>,
  region: string | null,
): ReadRecord[] {
  const { orgId, payload } = row;
  function store(facts: LegFacts, raw: unknown): StoredLeg {
    const leg = normalizeLeg(facts, { region }, payload.source);
    const { batchId } = payload;
    // Not a spread: at tens of thousands a second the copies are what a worker spends most of its time on.
    return Object.assign(leg, { id: cdrId(orgId, leg), orgId, batchId, contentHash: contentHash(leg), raw });
  }
  if (payload.format === 'freeswitch') return [readDocument(payload, store)];
  return payload.records.map((record) => readRecord(payload, record, store));
}

type ToLeg = (facts: LegFacts, raw: unknown) => StoredLeg;

function readDocument(payload: CdrPayload & { format: 'freeswitch' }, store: ToLeg): ReadRecord {
  const { body, contentType, uuid } = payload;
  const reading = readFreeswitch(body, uuid ? { uuid } : {});
  return reading.ok
    ? {
        ok: true,
        extractPayload: () => payload,
        leg: store(reading.facts, { freeswitch: { format: reading.format, contentType, uuid, body } }),
      }
    : { ok: false, extractPayload: () => payload, reason: 'unreadable', detail: reading.reason };
}

function readRecord(payload: CdrPayload & { format: 'platform' }, record: unknown, store: ToLeg): ReadRecord {
  const alone = () => ({ ...payload, records: [record] });
  const check = checkRecord(record);
  if (check.ok) return { ok: true, extractPayload: alone, leg: store(check.facts, record) };
  const detail = check.problems.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
  return { ok: false, extractPayload: alone, reason: 'invalid', detail };
}
