import { defineIntake } from '@oriontel/intake';

interface Envelope {
  batchId: string;
  /** The sender, for records that do not name their switch. */
  source: string;
  sgapiReference: string;
}

/** The content of one request, as stored in the intake and in quarantine. */
export type CdrPayload = Envelope &
  (
    | {
        format: 'platform';
        /** As sent, unknown members included. */
        records: unknown[];
        /** Every record passed checkRecord on acceptance. Omitted: each is checked when it is read. */
        validated?: true;
      }
    | { format: 'freeswitch'; body: string; contentType: string | null; uuid: string | null }
  );

export const cdrIntake = defineIntake<CdrPayload>('cdr');
