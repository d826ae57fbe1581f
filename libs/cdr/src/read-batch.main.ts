import { Failure } from '@oriontel/contracts';
import type { RefusedBody } from '@oriontel/service';
import { prepareBatch, type BatchTask, type PreparedBatch } from './ingest/prepare-batch.ts';

/** The thread program of BatchReader. */
export default function readBatch(task: BatchTask): PreparedBatch | RefusedBody {
  try {
    return prepareBatch(task);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, details } = error;
    return { kind: 'refused', code, message, details };
  }
}
