import type { JsonObject } from '@oriontel/contracts';
import { z } from 'zod';

/** The mildest first: the place of each is its rank. */
export const Severity = z.enum(['info', 'warning', 'error', 'critical']);
export type Severity = z.output<typeof Severity>;

export function severityRank(severity: Severity): number {
  return Severity.options.indexOf(severity);
}
export function severityFromRank(rank: number): Severity {
  return Severity.options[rank] ?? 'critical';
}

export const ActorType = z.enum(['user', 'system', 'api']);
export type ActorType = z.output<typeof ActorType>;

/** What happened, as it waits in the intake and as it is stored. Null where nothing is said. */
export interface AuditEvent {
  /** Tells when it was accepted: see event-id.ts of contracts. */
  id: string;
  orgId: number;
  eventType: string;
  severity: Severity;
  actorType: ActorType;
  /** A user's, or that of one who is gone since. */
  actorId: number | null;
  resourceType: string | null;
  resourceId: string | null;
  description: string;
  metadata: JsonObject | null;
  ipAddress: string | null;
  /** The writer's. */
  userAgent: string | null;
}

/** An event that the database or the intake knows the time of. */
export type DatedEvent = AuditEvent & { createdAt: Date };
