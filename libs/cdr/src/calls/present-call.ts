import { isoTime, isoTimeOrNull } from '@oriontel/contracts';
import type { CallRecord } from './call-record.ts';
import type { FoundLeg } from './call-record.repository.ts';

/** Converts a leg to its JSON format. */
export function presentCall(leg: FoundLeg): CallRecord {
  return {
    id: leg.id,
    org_id: leg.orgId,
    call_id: leg.callId,
    leg: leg.leg,
    linked_call_id: leg.linkedCallId,
    direction: leg.direction,
    caller: leg.caller,
    callee: leg.callee,
    caller_raw: leg.callerRaw,
    callee_raw: leg.calleeRaw,
    start_time: isoTime(leg.startTime),
    answer_time: isoTimeOrNull(leg.answerTime),
    end_time: isoTimeOrNull(leg.endTime),
    duration: leg.duration,
    billsec: leg.billsec,
    disposition: leg.disposition,
    hangup_cause: leg.hangupCause,
    q850: leg.q850,
    sip_status: leg.sipStatus,
    trunk_id: leg.trunkId,
    source: leg.source,
    batch_id: leg.batchId,
  };
}
