import type { Database } from '@oriontel/database';
import { retryDelaySeconds } from '@oriontel/outbound';
import { submissions } from '../batches/submission.repository.ts';
import { buildBody } from './build-body.ts';
import { classifyResponse, classifyError, type AttemptResult } from './classify-response.ts';
import type { SgapiClient } from './create-sgapi-client.ts';
import type { ForwardSchedule } from './forward-schedule.ts';
import { forwardings, type ClaimedForwarding } from './forwarding.repository.ts';
import { sgapiCircuit } from './sgapi-circuit.ts';

export interface SendingOptions {
  db: Database;
  client: Pick<SgapiClient, 'send'>;
  schedule: ForwardSchedule;
}

export interface InFlightBatch extends ClaimedForwarding {
  /** Its outcome decides whether the circuit closes. */
  isProbe: boolean;
  /** Whether there were failures when it was claimed. If not, a response needs no update of the circuit. */
  resetsCircuit: boolean;
}

export type SendResult =
  | { outcome: 'delivered' | 'empty' | 'interrupted' }
  | { outcome: 'dead' | 'failed'; reason: string; attempts: number };

/**
 * Sends one batch; no database connection is held during the request. If the outcome cannot be stored, the
 * lease expires and the batch is sent again under the same key.
 */
export function sendBatch({ db, client, schedule }: SendingOptions) {
  return async function sendClaimedBatch(batch: InFlightBatch, stopping: AbortSignal): Promise<SendResult> {
    const body = await buildBody(db, batch);
    if (!body) return finishEmpty(db, batch);
    const { submissionId: id, requestId } = batch;
    const result = await client
      .send({ id, requestId, body }, stopping)
      .then(classifyResponse, (error: unknown) => (stopping.aborted ? null : classifyError(error)));
    return result ? recordResult(db, schedule, batch, result) : releaseBatch(db, batch);
  };
}

/** All legs of the batch were deleted. */
async function finishEmpty(db: Database, batch: InFlightBatch): Promise<SendResult> {
  await forwardings(db).markDelivered(batch);
  if (batch.isProbe) await sgapiCircuit(db).releaseProbe();
  return { outcome: 'empty' };
}

async function releaseBatch(db: Database, batch: InFlightBatch): Promise<SendResult> {
  await forwardings(db).release(batch);
  if (batch.isProbe) await sgapiCircuit(db).releaseProbe();
  return { outcome: 'interrupted' };
}

async function recordResult(
  db: Database,
  schedule: ForwardSchedule,
  batch: InFlightBatch,
  result: AttemptResult,
): Promise<SendResult> {
  if (result.outcome === 'failed') return recordFailure(db, schedule, batch, result);
  if (batch.resetsCircuit) await sgapiCircuit(db).recordResponse();
  if (result.outcome === 'refused') {
    await forwardings(db).markDead(batch, result.reason);
    return { outcome: 'dead', reason: result.reason, attempts: batch.attempts };
  }
  const { reference } = result;
  if (reference) await submissions(db).saveRemoteReference(batch.orgId, batch.submissionId, reference);
  await forwardings(db).markDelivered(batch);
  return { outcome: 'delivered' };
}

async function recordFailure(
  db: Database,
  schedule: ForwardSchedule,
  batch: InFlightBatch,
  { reason, retryAfterSeconds }: AttemptResult & { outcome: 'failed' },
): Promise<SendResult> {
  const { failureThreshold, firstDelaySeconds, maxOpenSeconds } = schedule;
  await sgapiCircuit(db).recordFailure(batch.isProbe, {
    reason,
    failureThreshold,
    firstOpenSeconds: firstDelaySeconds,
    maxOpenSeconds,
    minOpenSeconds: Math.min(schedule.maxDelaySeconds, retryAfterSeconds),
  });
  const { attempts, firstTriedAt } = batch;
  if (Date.now() - firstTriedAt.getTime() >= schedule.giveUpAfterSeconds * 1000) {
    await forwardings(db).markDead(batch, reason);
    return { outcome: 'dead', reason, attempts };
  }
  const delaySeconds = retryDelaySeconds(schedule, attempts, { retryAfterSeconds });
  await forwardings(db).scheduleRetry(batch, delaySeconds, reason);
  return { outcome: 'failed', reason, attempts };
}
