import type { JsonObject } from '@oriontel/contracts';
import { z } from 'zod';

/** In ascending order: the index of a severity is the rank stored in the database. */
export const Severity = z.enum(['info', 'warning', 'error', 'critical']);
export type Severity = z.output<typeof Severity>;

/** 0 info to 3 critical. */
export function severityRank(severity: Severity): number {
  return Severity.options.indexOf(severity);
}

/** An unknown rank is `critical`. */
export function severityFromRank(rank: number): Severity {
  return Severity.options[rank] ?? 'critical';
}

export const ActorType = z.enum(['user', 'system', 'api']);
export type ActorType = z.output<typeof ActorType>;

/** An event of the audit log, as written to the intake. Null: not specified. */
export interface AuditEvent {
  /** Contains the time of acceptance: see event-id.ts in @oriontel/contracts. */
  id: string;
  orgId: number;
  eventType: string;
  severity: Severity;
  actorType: ActorType;
  /** User id; the user may have been deleted. */
  actorId: number | null;
  resourceType: string | null;
  resourceId: string | null;
  description: string;
  metadata: JsonObject | null;
  ipAddress: string | null;
  /** User-Agent of the request that created the event. */
  userAgent: string | null;
}

/** An event with its time of acceptance. */
export type DatedEvent = AuditEvent & { createdAt: Date };
