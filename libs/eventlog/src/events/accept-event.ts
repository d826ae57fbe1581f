import { newEventId, type Principal } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import { resolveActor } from './resolve-actor.ts';
import type { AuditEvent, DatedEvent } from './audit-event.ts';
import { normalizeAddress } from './ip-address.ts';
import type { NewEvent } from './new-event.ts';

export interface EventRequest {
  orgId: number;
  principal: Principal;
  body: NewEvent;
  userAgent: string | undefined;
  requestId: string;
}

/** A longer User-Agent is truncated. */
const MAX_USER_AGENT_CHARS = 512;

/** Commits an event to the intake and returns it. @throws Failure forbidden, unavailable */
export function acceptEvent(intake: Pick<Intake<AuditEvent>, 'accept'>) {
  return async function acceptAuditEvent({
    orgId,
    principal,
    body,
    userAgent,
    requestId,
  }: EventRequest): Promise<DatedEvent> {
    const createdAt = new Date();
    const event: AuditEvent = {
      id: newEventId(createdAt),
      orgId,
      eventType: body.event_type,
      severity: body.severity ?? 'info',
      ...resolveActor(principal, body),
      resourceType: body.resource_type ?? null,
      resourceId: body.resource_id ?? null,
      description: body.description,
      metadata: body.metadata ?? null,
      ipAddress: body.ip_address ? normalizeAddress(body.ip_address) : null,
      userAgent: userAgent?.slice(0, MAX_USER_AGENT_CHARS) ?? null,
    };
    await intake.accept({ orgId, key: event.id, value: event, requestId });
    return { ...event, createdAt };
  };
}
