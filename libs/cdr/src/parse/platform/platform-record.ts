import { EntityName, integerBetween, seconds, text, time } from '@oriontel/contracts';
import { z } from 'zod';
import { Direction, Leg } from '../call-leg.ts';

/**
 * One record of a platform batch. Unknown members are ignored here and kept in the raw record. No field is
 * transformed: a valid record equals its parsed value.
 */
export const PlatformRecord = z
  .object({
    call_id: text(255).meta({ description: 'Id of the leg in the sending system' }),
    caller: text(255).meta({ description: 'Number, extension, SIP URI or anonymous, as dialed' }),
    callee: text(255).meta({ description: 'Number, extension, feature code or SIP URI, as dialed' }),
    start_time: time,
    answer_time: time.nullish(),
    end_time: time.nullish().meta({ description: 'Optional if duration is given' }),
    duration: seconds.nullish().meta({ description: 'Seconds from start_time to end_time, within 1 s' }),
    billsec: seconds.nullish().meta({ description: 'Seconds from answer to end' }),
    disposition: text(64).nullish().meta({
      description:
        'ANSWERED, NO ANSWER, BUSY or FAILED in any spelling; optional if another field gives the outcome',
    }),
    trunk_id: EntityName.nullish(),
    direction: z.enum(Direction.options, 'must be inbound, outbound or internal').nullish(),
    leg: z.enum(Leg.options, 'must be a or b').nullish(),
    linked_call_id: text(255).nullish().meta({ description: 'call_id of the other leg of the call' }),
    hangup_cause: text(64).nullish().meta({ description: 'For example USER_BUSY' }),
    originate_disposition: text(64).nullish(),
    q850: integerBetween(0, 127).nullish().meta({ description: 'ITU-T Q.850 cause' }),
    sip_status: integerBetween(100, 699).nullish().meta({ description: 'Final SIP status' }),
  })
  .meta({ id: 'PlatformRecord', description: 'A CDR as a platform sends it' });
export type PlatformRecord = z.output<typeof PlatformRecord>;
