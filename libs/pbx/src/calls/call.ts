import { isoTime, isoTimeOrNull, required } from '@oriontel/contracts';
import { z } from 'zod';

const statuses = ['active', 'completed', 'failed', 'busy', 'noanswer'] as const;

/** `active` until the call ends; the others are its outcome. */
export const CallStatus = z.enum(statuses, required(`must be one of ${statuses.join(', ')}`));
export type CallStatus = z.output<typeof CallStatus>;

/** Largest PostgreSQL integer. */
export const MAX_CALL_SECONDS = 2_147_483_647;

/** A call in responses. */
export const Call = z
  .object({
    id: z.uuid(),
    org_id: z.int(),
    call_id: z.string().nullable().meta({ description: 'Call id of the switch; null if not reported' }),
    caller_id: z.string(),
    recipient_id: z.string(),
    start_time: z.iso.datetime(),
    end_time: z.iso.datetime().nullable(),
    duration: z
      .int()
      .nullable()
      .meta({ description: 'Seconds; null while the call is active or if unknown' }),
    status: CallStatus,
    recording_path: z.string().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({
    id: 'Call',
    examples: [
      {
        id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
        org_id: 12345,
        caller_id: '+14155551234',
        recipient_id: '1001',
        start_time: '2024-01-15T10:30:00Z',
        status: 'active',
        call_id: 'abc123-def456',
        end_time: null,
        duration: null,
        recording_path: null,
        created_at: '2024-01-15T10:30:00Z',
        updated_at: '2024-01-15T10:30:00Z',
      },
    ],
    description: 'A call as reported by its PBX',
  });
export type Call = z.output<typeof Call>;

export interface FoundCall {
  id: string;
  orgId: number;
  callId: string | null;
  callerId: string;
  recipientId: string;
  startTime: Date;
  endTime: Date | null;
  duration: number | null;
  status: CallStatus;
  recordingPath: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export function presentCall(call: FoundCall): Call {
  return {
    id: call.id,
    org_id: call.orgId,
    call_id: call.callId,
    caller_id: call.callerId,
    recipient_id: call.recipientId,
    start_time: isoTime(call.startTime),
    end_time: isoTimeOrNull(call.endTime),
    duration: call.duration,
    status: call.status,
    recording_path: call.recordingPath,
    created_at: isoTime(call.createdAt),
    updated_at: isoTime(call.updatedAt),
  };
}
