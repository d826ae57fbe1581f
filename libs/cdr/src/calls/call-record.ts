import { z } from 'zod';
import { Direction, Disposition, Leg } from '../parse/call-leg.ts';

const time = z.iso.datetime();

/** A CDR in the JSON format of the API. */
export const CallRecord = z
  .object({
    id: z.string().meta({
      description:
        'UUIDv8 (RFC 9562, 5.8): start_time and a hash of the key, so the same leg always has the same id',
    }),
    org_id: z.int(),
    call_id: z.string().meta({ description: 'Id of the leg in its switch' }),
    leg: Leg.meta({ description: 'a: started the call; b: originated on behalf of another leg' }),
    linked_call_id: z.string().nullable().meta({ description: 'call_id of the other leg of the call' }),
    direction: Direction.nullable(),
    caller: z.string().nullable().meta({ description: 'E.164 if the number could be parsed, else as sent' }),
    callee: z.string().nullable().meta({ description: 'E.164 if the number could be parsed, else as sent' }),
    caller_raw: z.string().nullable().meta({ description: 'The caller as sent' }),
    callee_raw: z.string().nullable().meta({ description: 'The callee as sent' }),
    start_time: time.meta({ description: 'UTC' }),
    answer_time: time.nullable().meta({ description: 'UTC; null if not answered or unknown' }),
    end_time: time.nullable().meta({ description: 'UTC; null if unknown' }),
    duration: z.int().min(0).meta({ description: 'Seconds from start to end' }),
    billsec: z.int().min(0).meta({ description: 'Seconds from answer to end; 0 if not answered' }),
    disposition: Disposition,
    hangup_cause: z
      .string()
      .nullable()
      .meta({ description: 'Hangup cause of the switch, for example USER_BUSY' }),
    q850: z.int().nullable().meta({ description: 'ITU-T Q.850 cause' }),
    sip_status: z.int().nullable().meta({ description: 'Final SIP status' }),
    trunk_id: z.string().nullable(),
    source: z.string().meta({ description: 'The switch or system that sent the record' }),
    batch_id: z.string(),
  })
  .meta({
    id: 'CallRecord',
    examples: [
      {
        id: '018d0c2a-5c40-8b1e-9f3a-2d6c7e8f9a0b',
        org_id: 12345,
        call_id: 'abc123-def456',
        leg: 'a',
        linked_call_id: null,
        direction: 'outbound',
        caller: '+14155551234',
        callee: '+14155555678',
        caller_raw: '+14155551234',
        callee_raw: '+14155555678',
        start_time: '2024-01-15T10:30:00Z',
        answer_time: '2024-01-15T10:30:04Z',
        end_time: '2024-01-15T10:35:42Z',
        duration: 342,
        billsec: 338,
        disposition: 'ANSWERED',
        hangup_cause: 'NORMAL_CLEARING',
        q850: 16,
        sip_status: 200,
        trunk_id: 'trunk_001',
        source: 'freeswitch-node-01',
        batch_id: 'batch001',
      },
    ],
    description: 'One leg of a call',
  });
export type CallRecord = z.output<typeof CallRecord>;
