import { describe, expect, it } from 'vitest';
import { decideDisposition } from './decide-disposition.ts';

const UNKNOWN = {
  answerTime: null,
  billsec: null,
  disposition: null,
  hangupCause: null,
  originateDisposition: null,
  q850: null,
  sipStatus: null,
};

describe('decideDisposition', () => {
  it.each([
    ['ANSWERED', { answerTime: new Date(), hangupCause: 'USER_BUSY', sipStatus: 486 }],
    ['ANSWERED', { billsec: 3 }],
    ['BUSY', { hangupCause: 'USER_BUSY' }],
    ['BUSY', { hangupCause: 'NORMAL_CLEARING', originateDisposition: 'USER_BUSY' }],
    ['BUSY', { sipStatus: 486 }],
    ['BUSY', { sipStatus: 600, hangupCause: 'NO_ANSWER' }],
    ['BUSY', { q850: 17 }],
    ['NO ANSWER', { hangupCause: 'no answer' }],
    ['NO ANSWER', { hangupCause: 'NORMAL_CLEARING', originateDisposition: 'NO_ANSWER' }],
    ['NO ANSWER', { hangupCause: 'ORIGINATOR_CANCEL' }],
    ['NO ANSWER', { hangupCause: 'RECOVERY_ON_TIMER_EXPIRE' }],
    ['NO ANSWER', { q850: 18 }],
    ['NO ANSWER', { q850: 19 }],
    ['NO ANSWER', { hangupCause: 'NORMAL_CLEARING', sipStatus: 487 }],
    ['NO ANSWER', { sipStatus: 408 }],
    ['FAILED', { hangupCause: 'SUBSCRIBER_ABSENT', sipStatus: 480 }],
    ['FAILED', { hangupCause: 'CALL_REJECTED', sipStatus: 603 }],
    ['FAILED', { hangupCause: 'NORMAL_CLEARING', q850: 16 }],
    ['FAILED', {}],
    ['NO ANSWER', { disposition: 'Cancelled' }],
    ['FAILED', { disposition: 'failed', q850: 17 }],
  ])('returns %s for %j', (disposition, outcome) => {
    expect(decideDisposition({ ...UNKNOWN, ...outcome })).toBe(disposition);
  });
});
