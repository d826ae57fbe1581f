import { describe, expect, it } from 'vitest';
import { contentHash } from './content-hash.ts';
import { freeswitchSamples } from '../../fixtures/freeswitch-samples.ts';
import { readFreeswitch } from '../freeswitch/read-freeswitch.ts';
import { normalizeLeg } from './normalize-leg.ts';
import { checkRecord } from '../platform/check-record.ts';
import { buildRecord } from '../../fixtures/build-record.ts';

const samples = freeswitchSamples();
const pairs = samples
  .filter(({ name, body }) => name.startsWith('json-') && readFreeswitch(body, {}).ok)
  .flatMap((json) => {
    const twin = samples.find(
      ({ name, expected }) =>
        name.startsWith('xml-') &&
        expected !== 'unreadable' &&
        json.expected !== 'unreadable' &&
        expected.uuid === json.expected.uuid,
    );
    return twin ? { name: json.name, json: json.body, xml: twin.body } : [];
  });

function legOf(body: string) {
  const reading = readFreeswitch(body, {});
  if (!reading.ok) throw new Error(reading.reason);
  return normalizeLeg(reading.facts, { region: 'US' }, 'x');
}
function hashOf(overrides: Record<string, unknown>, region: string | null = 'US') {
  const checked = checkRecord(buildRecord({ call_id: 'c', ...overrides }));
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return contentHash(normalizeLeg(checked.facts, { region }, 'x'));
}

describe('contentHash', () => {
  it.each(pairs)('of $name is equal for mod_json_cdr and mod_xml_cdr', ({ json, xml }) => {
    expect(legOf(xml)).toEqual(legOf(json));
    expect(contentHash(legOf(xml))).toBe(contentHash(legOf(json)));
  });

  it('is compared for all 15 calls that both modules sent', () => expect(pairs).toHaveLength(15));

  it('does not depend on call id, region, number format or spelling of the disposition', () => {
    const hash = hashOf({});
    expect(hash).toMatch(/^[\w-]{22}$/);
    expect(hashOf({ call_id: 'd' })).toBe(hash);
    expect(hashOf({}, null)).toBe(hash);
    expect(hashOf({ caller: '+1 (415) 555-1234' })).toBe(hash);
    expect(hashOf({ disposition: 'answered' })).toBe(hash);
  });

  it.each([
    { callee: '+14155555679' },
    { disposition: 'BUSY' },
    { trunk_id: 'trunk_002' },
    { end_time: '2024-01-15T10:35:43Z', duration: 343 },
    { billsec: 300 },
    { hangup_cause: 'NORMAL_CLEARING' },
  ])('differs from the documented record for %j', (overrides) => {
    expect(hashOf(overrides)).not.toBe(hashOf({}));
  });
});
