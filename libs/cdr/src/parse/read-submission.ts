import type { IntakeRow } from '@oriontel/intake';
import type { CallLeg, LegFacts } from './call-leg.ts';
import { cdrId } from './cdr-id.ts';
import type { CdrPayload } from './cdr-intake.ts';
import { readFreeswitch } from './freeswitch/read-freeswitch.ts';
import { contentHash } from './normalize/content-hash.ts';
import { normalizeLeg } from './normalize/normalize-leg.ts';
import { checkRecord, toLegFacts } from './platform/check-record.ts';
import type { PlatformRecord } from './platform/platform-record.ts';

/** A normalized leg with everything that is stored of it. */
export interface StoredLeg extends CallLeg {
  id: string;
  orgId: number;
  batchId: string;
  contentHash: string;
  /** As sent: a platform record itself; for FreeSWITCH the body and how to read it again. */
  raw: unknown;
}

/** One record of a submission: a leg, or the reason why it cannot be stored. */
export type ReadRecord = {
  /** The submission reduced to this record, for quarantine. */
  extractPayload: () => CdrPayload;
} & ({ ok: true; leg: StoredLeg } | { ok: false; reason: 'invalid' | 'unreadable'; detail: string });

type ToLeg = (facts: LegFacts, raw: unknown) => StoredLeg;

/**
 * Reads and normalizes the records of one request. Pure: the same row and region always give the same legs.
 */
export function readSubmission(
  { orgId, payload }: Pick<IntakeRow<CdrPayload>, 'orgId' | 'payload'>,
  region: string | null,
): ReadRecord[] {
  function toLeg(facts: LegFacts, raw: unknown): StoredLeg {
    const leg = normalizeLeg(facts, { region }, payload.source);
    const { batchId } = payload;
    // Assigned, not spread: copying each leg would dominate the CPU time of a worker.
    return Object.assign(leg, { id: cdrId(orgId, leg), orgId, batchId, contentHash: contentHash(leg), raw });
  }
  if (payload.format === 'freeswitch') return [readDocument(payload, toLeg)];
  const readRecord = payload.validated ? readValidatedRecord : readUncheckedRecord;
  return payload.records.map((record) => ({
    extractPayload: () => extractRecord(payload, record),
    ...readRecord(record, toLeg),
  }));
}

function readDocument(payload: CdrPayload & { format: 'freeswitch' }, toLeg: ToLeg): ReadRecord {
  const { body, contentType, uuid } = payload;
  const extractPayload = () => payload;
  const reading = readFreeswitch(body, uuid ? { uuid } : {});
  if (!reading.ok) return { ok: false, extractPayload, reason: 'unreadable', detail: reading.reason };
  const raw = { freeswitch: { format: reading.format, contentType, uuid, body } };
  return { ok: true, extractPayload, leg: toLeg(reading.facts, raw) };
}

/** Without `validated`: the rules may differ when the record is retried. */
function extractRecord(
  { validated: _validated, ...payload }: CdrPayload & { format: 'platform' },
  record: unknown,
): CdrPayload {
  return { ...payload, records: [record] };
}

type Reading = { ok: true; leg: StoredLeg } | { ok: false; reason: 'invalid'; detail: string };

/** Skips the check that the record passed on acceptance, unless its required fields say that it did not. */
function readValidatedRecord(record: unknown, toLeg: ToLeg): Reading {
  if (!hasRequiredText(record)) return readUncheckedRecord(record, toLeg);
  const facts = toLegFacts(record);
  if (Number.isNaN(facts.startTime.getTime())) return readUncheckedRecord(record, toLeg);
  return { ok: true, leg: toLeg(facts, record) };
}

function hasRequiredText(record: unknown): record is PlatformRecord {
  const { call_id, caller, callee, start_time } = (record ?? {}) as Record<string, unknown>;
  return [call_id, caller, callee, start_time].every((value) => typeof value === 'string');
}

function readUncheckedRecord(record: unknown, toLeg: ToLeg): Reading {
  const check = checkRecord(record);
  if (check.ok) return { ok: true, leg: toLeg(check.facts, record) };
  const detail = check.problems.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
  return { ok: false, reason: 'invalid', detail };
}
