import { defineIntake } from '@oriontel/intake';

interface Envelope {
  batchId: string;
  /** Names the sender where a record does not name its switch. */
  source: string;
  sgapiReference: string;
}

/** What one request brought, as it waits in the intake and, where it must, in quarantine. */
export type CdrPayload = Envelope &
  (
    | { format: 'platform'; records: unknown[] }
    | { format: 'freeswitch'; body: string; contentType: string | null; uuid: string | null }
  );

export const cdrIntake = defineIntake<CdrPayload>('cdr');
