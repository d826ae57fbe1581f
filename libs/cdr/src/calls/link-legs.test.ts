import { expect, test } from 'vitest';
import type { StoredLeg } from '../parse/read-submission.ts';
import { LINK_WINDOW_MS, linkLegs } from './link-legs.ts';

const START = Date.parse('2024-01-15T10:30:00Z');

function leg(callId: string, linkedCallId: string | null, { orgId = 1, startMs = 0 } = {}): StoredLeg {
  return { orgId, callId, linkedCallId, startTime: new Date(START + startMs) } as StoredLeg;
}

test.each<[string, StoredLeg[], (string | null)[]]>([
  ['the leg that another names', [leg('a', null), leg('b', 'a')], ['b', 'a']],
  ['regardless of their order', [leg('b', 'a'), leg('a', null)], ['a', 'b']],
  ['with the first of several', [leg('a', null), leg('b', 'a'), leg('c', 'a')], ['b', 'a', 'a']],
  ['no leg that has a link', [leg('a', 'x'), leg('b', 'a')], ['x', 'a']],
  ['no leg of another organization', [leg('a', null, { orgId: 2 }), leg('b', 'a')], [null, 'a']],
  [
    'no leg that started a day apart',
    [leg('a', null, { startMs: LINK_WINDOW_MS + 1 }), leg('b', 'a')],
    [null, 'a'],
  ],
  ['no leg that only a linked leg names', [leg('a', null), leg('b', null), leg('c', 'b')], [null, 'c', 'b']],
])('linkLegs links %s', (_, legs, expected) => {
  linkLegs(legs);
  expect(legs.map(({ linkedCallId }) => linkedCallId)).toEqual(expected);
});
