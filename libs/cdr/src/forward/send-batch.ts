import type { Database } from '@oriontel/database';
import { submissions } from '../batches/submission.repository.ts';
import { buildBody } from './build-body.ts';
import { circuit } from './circuit.repository.ts';
import { forwardings, type ClaimedForwarding } from './forwarding.repository.ts';
import { classifyResponse, classifyError, type AttemptResult } from './classify-response.ts';
import type { SgapiClient } from './create-sgapi-client.ts';
import { retryDelaySeconds, type RetrySchedule } from './retry-schedule.ts';

export interface SendingOptions {
  db: Database;
  client: Pick<SgapiClient, 'send'>;
  schedule: RetrySchedule;
}

export interface InFlightBatch extends ClaimedForwarding {
  /** Its fate tells whether the circuit closes. */
  isProbe: boolean;
  /** There were failures when it was taken: an answer ends their row. While all is well the circuit is only read. */
  resetsCircuit: boolean;
}

/** What became of a try, to be counted and logged. */
export type SendResult =
  | { outcome: 'delivered' | 'empty' | 'interrupted' }
  | { outcome: 'dead' | 'failed'; reason: string; attempts: number };

/**
 * Tries one batch. No connection is held while the receiver is asked. Where the database cannot be told of the outcome the
 * lease runs out and the same is sent again, under the same key.
 */
export function sendBatch({ db, client, schedule }: SendingOptions) {
  return async function sendClaimedBatch(batch: InFlightBatch, stopping: AbortSignal): Promise<SendResult> {
    const body = await buildBody(db, batch);
    if (!body) return finishEmpty(db, batch);
    const { submissionId: id, requestId } = batch;
    const verdict = await client.send({ id, requestId, body }, stopping).then(
      (answer) => classifyResponse(answer, new Date()),
      (error: unknown) => (stopping.aborted ? null : classifyError(error)),
    );
    return verdict ? recordOutcome(db, schedule, batch, verdict) : releaseBatch(db, batch);
  };
}

/** Its legs were deleted meanwhile: there is nothing to tell. */
async function finishEmpty(db: Database, batch: InFlightBatch): Promise<SendResult> {
  await forwardings(db).markDelivered(batch);
  if (batch.isProbe) await circuit(db).releaseProbe();
  return { outcome: 'empty' };
}

async function releaseBatch(db: Database, batch: InFlightBatch): Promise<SendResult> {
  await forwardings(db).release(batch);
  if (batch.isProbe) await circuit(db).releaseProbe();
  return { outcome: 'interrupted' };
}

async function recordOutcome(
  db: Database,
  schedule: RetrySchedule,
  batch: InFlightBatch,
  verdict: AttemptResult,
): Promise<SendResult> {
  if (verdict.outcome === 'failed') return scheduleRetry(db, schedule, batch, verdict);
  if (batch.resetsCircuit) await circuit(db).recordResponse();
  if (verdict.outcome === 'refused') {
    await forwardings(db).markDead(batch, verdict.reason);
    return { outcome: 'dead', reason: verdict.reason, attempts: batch.attempts };
  }
  const { reference } = verdict;
  if (reference) await submissions(db).saveRemoteReference(batch.orgId, batch.submissionId, reference);
  await forwardings(db).markDelivered(batch);
  return { outcome: 'delivered' };
}

async function scheduleRetry(
  db: Database,
  schedule: RetrySchedule,
  batch: InFlightBatch,
  { reason, retryAfter }: AttemptResult & { outcome: 'failed' },
): Promise<SendResult> {
  const { failureThreshold, firstDelaySeconds, maxOpenSeconds } = schedule;
  const atLeast = Math.min(schedule.maxDelaySeconds, retryAfter);
  await circuit(db).recordFailure(batch.isProbe, {
    reason,
    failureThreshold,
    firstOpenSeconds: firstDelaySeconds,
    maxOpenSeconds,
    minOpenSeconds: atLeast,
  });
  const { attempts, firstTriedAt } = batch;
  if (Date.now() - firstTriedAt.getTime() >= schedule.giveUpAfterSeconds * 1000) {
    await forwardings(db).markDead(batch, reason);
    return { outcome: 'dead', reason, attempts };
  }
  await forwardings(db).scheduleRetry(batch, retryDelaySeconds(schedule, attempts, retryAfter), reason);
  return { outcome: 'failed', reason, attempts };
}
