import { expect, test } from 'vitest';
import { preferredWait } from './prefer-wait.ts';

test.each([
  [undefined, null],
  ['', null],
  ['respond-async', null],
  ['wait=5', 5],
  ['Wait = 5', 5],
  ['respond-async, wait=10', 10],
  [['respond-async', 'wait="7"'], 7],
  ['wait=0', 0],
  ['wait=100000', 30],
  ['wait=-1', null],
  ['wait=x', null],
  ['await=5', null],
])('preferredWait reads %j as %j seconds', (prefer, seconds) => expect(preferredWait(prefer)).toBe(seconds));
