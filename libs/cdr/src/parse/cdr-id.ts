import { hash } from 'node:crypto';
import { stringify } from 'uuid';
import type { CallLeg } from './call-leg.ts';

type Key = Pick<CallLeg, 'callId' | 'source' | 'startTime'>;

/**
 * The id of a leg, derived from its key (organization, source, call id, start): the same leg always has the
 * same id. A UUIDv8 (RFC 9562, 5.8): 48 bits of start_time in milliseconds, like UUIDv7, then 74 bits of
 * SHA-256.
 */
export function cdrId(orgId: number, { callId, source, startTime }: Key): string {
  const key = JSON.stringify([orgId, source, callId, startTime.getTime()]);
  const bytes = hash('sha256', key, 'buffer').subarray(0, 16);
  bytes.writeUIntBE(startTime.getTime(), 0, 6);
  bytes[6] = 0x80 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return stringify(bytes);
}

/** The start_time that an id contains; it determines the partition of the leg. */
export function startTimeOf(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}
