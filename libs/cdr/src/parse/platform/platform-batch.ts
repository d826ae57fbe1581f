import { EntityName, MAX_ID, required, time } from '@oriontel/contracts';
import { z } from 'zod';
import { PlatformRecord } from './platform-record.ts';

function batch<Item extends z.ZodType>(record: Item) {
  return z.object({
    records: z
      .array(record, required('must be a list of 1 to 10000 CDR records'))
      .min(1, 'must hold at least 1 record')
      .max(10_000, 'must hold at most 10000 records; send several batches'),
    source: EntityName.nullish().meta({ description: 'The system the records come from' }),
    timestamp: time.nullish().meta({ description: 'When the batch was created' }),
    org_id: z.int('must be the number of an organization').min(1).max(MAX_ID).nullish().meta({
      description: 'The organization the records belong to; admins only, others use their own',
    }),
    partial: z.boolean('must be true or false').nullish().meta({
      description: 'true: quarantine invalid records and accept the rest; default: reject the whole batch',
    }),
  });
}

/** A platform batch with checked records, for the API documentation. */
export const PlatformBatch = batch(PlatformRecord).meta({
  id: 'PlatformBatch',
  examples: [
    {
      records: [
        {
          call_id: 'abc123-def456',
          caller: '+14155551234',
          callee: '+14155555678',
          start_time: '2024-01-15T10:30:00Z',
          end_time: '2024-01-15T10:35:42Z',
          duration: 342,
          disposition: 'ANSWERED',
          trunk_id: 'trunk_001',
        },
      ],
      source: 'freeswitch-node-01',
      timestamp: '2024-01-15T10:36:00Z',
    },
  ],
});
export type PlatformBatch = z.output<typeof PlatformBatch>;

/** A platform batch whose records are not checked yet; see checkRecord. */
export const BatchEnvelope = batch(z.unknown());
export type BatchEnvelope = z.output<typeof BatchEnvelope>;
