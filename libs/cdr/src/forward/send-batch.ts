import type { Database } from '@oriontel/database';
import { submissions } from '../submission.repository.ts';
import { buildBody } from './build-body.ts';
import { circuit } from './circuit.repository.ts';
import { forwardings, type ClaimedForwarding } from './forwarding.repository.ts';
import { judgeAnswer, judgeError, type Verdict } from './judge-answer.ts';
import type { Post } from './open-post.ts';
import { delayAfter, type Schedule } from './schedule.ts';

export interface SendingOptions {
  db: Database;
  post: Pick<Post, 'send'>;
  schedule: Schedule;
}

export interface BatchInHand extends ClaimedForwarding {
  /** Its fate tells whether the circuit closes. */
  isProbe: boolean;
  /** There were failures when it was taken: an answer ends their row. While all is well the circuit is only read. */
  heals: boolean;
}

/** What became of a try, to be counted and logged. */
export type Sent =
  | { fate: 'arrived' | 'empty' | 'interrupted' }
  | { fate: 'dead' | 'failed'; reason: string; attempts: number };

/**
 * Tries one batch. No connection is held while the receiver is asked. Where the database cannot be told of the outcome the
 * lease runs out and the same is sent again, under the same key.
 */
export const sendBatch =
  ({ db, post, schedule }: SendingOptions) =>
  async (batch: BatchInHand, stopping: AbortSignal): Promise<Sent> => {
    const body = await buildBody(db, batch);
    if (!body) return finishEmpty(db, batch);
    const { submissionId: id, requestId } = batch;
    const verdict = await post.send({ id, requestId, body }, stopping).then(
      (answer) => judgeAnswer(answer, new Date()),
      (error: unknown) => (stopping.aborted ? null : judgeError(error)),
    );
    return verdict ? settle(db, schedule, batch, verdict) : putBack(db, batch);
  };

/** Its legs were deleted meanwhile: there is nothing to tell. */
const finishEmpty = async (db: Database, batch: BatchInHand): Promise<Sent> => {
  await forwardings(db).arrived(batch);
  if (batch.isProbe) await circuit(db).giveProbeBack();
  return { fate: 'empty' };
};

const putBack = async (db: Database, batch: BatchInHand): Promise<Sent> => {
  await forwardings(db).release(batch);
  if (batch.isProbe) await circuit(db).giveProbeBack();
  return { fate: 'interrupted' };
};

const settle = async (
  db: Database,
  schedule: Schedule,
  batch: BatchInHand,
  verdict: Verdict,
): Promise<Sent> => {
  if (verdict.fate === 'failed') return putOff(db, schedule, batch, verdict);
  if (batch.heals) await circuit(db).answered();
  if (verdict.fate === 'refused') {
    await forwardings(db).giveUp(batch, verdict.reason);
    return { fate: 'dead', reason: verdict.reason, attempts: batch.attempts };
  }
  const { reference } = verdict;
  if (reference) await submissions(db).keepRemoteReference(batch.orgId, batch.submissionId, reference);
  await forwardings(db).arrived(batch);
  return { fate: 'arrived' };
};

const putOff = async (
  db: Database,
  schedule: Schedule,
  batch: BatchInHand,
  { reason, retryAfter }: Verdict & { fate: 'failed' },
): Promise<Sent> => {
  const { threshold, first, longestOpen: longest } = schedule;
  const atLeast = Math.min(schedule.longest, retryAfter);
  await circuit(db).failed(batch.isProbe, { reason, threshold, first, longest, atLeast });
  const { attempts, firstTriedAt } = batch;
  if (Date.now() - firstTriedAt.getTime() >= schedule.giveUpAfter * 1000) {
    await forwardings(db).giveUp(batch, reason);
    return { fate: 'dead', reason, attempts };
  }
  await forwardings(db).tryAgainIn(batch, delayAfter(schedule, attempts, retryAfter), reason);
  return { fate: 'failed', reason, attempts };
};
