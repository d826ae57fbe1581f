import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';

const { admin, ours, theirs } = testActors;
let pbx: TestPbx;
let extensions: TestPbx['extensions'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ extensions } = pbx);
});
afterAll(() => pbx.close());

describe('GET /extensions', () => {
  async function numbers(query: Record<string, string>, as: string) {
    return (await extensions.list(query, as)).data.map(({ extension_number }) => extension_number);
  }

  beforeAll(async () => {
    for (const as of [theirs.manager, admin]) await extensions.create({}, as);
    for (const extension_number of ['203', '201', '202'])
      await extensions.create({ extension_number }, ours.manager);
    await extensions.create(
      { extension_number: 'a_b', name: '100% Sales', extension_type: 'iax' },
      ours.manager,
    );
    await extensions.create({ extension_number: 'b-b', name: 'Back\\slash ÄRGER' }, ours.manager);
  });
  const numbersOfOurs = ['201', '202', '203', 'a_b', 'b-b'];

  test('lists by number, with the exact total and the page in meta', async () => {
    const { data, meta } = await extensions.list({}, ours.member);
    expect(data.map(({ extension_number }) => extension_number)).toEqual(numbersOfOurs);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 5 });
    const page = await extensions.list({ limit: '2', offset: '1' }, ours.member);
    expect(page.data).toEqual(data.slice(1, 3));
    expect(page.meta.pagination).toEqual({ limit: 2, offset: 1, total: 5 });
    const beyond = await extensions.list({ offset: '1000000' }, ours.member);
    expect([beyond.data, beyond.meta.pagination.total]).toEqual([[], 5]);
  });

  test('lists every organization, by organization, for an admin, or the selected one', async () => {
    const { data, meta } = await extensions.list({ limit: '500' }, admin);
    const orgs = data.map(({ org_id }) => org_id);
    expect(new Set(orgs)).toEqual(new Set([1, 2, 3]));
    expect(orgs).toEqual([...orgs].sort());
    expect(meta.pagination.total).toBe(data.length);
    expect(await numbers({ org_id: `${ours.orgId}` }, admin)).toEqual(numbersOfOurs);
    expect(await numbers({ org_id: '99' }, admin)).toEqual([]);
  });

  test.each<[Record<string, string>, string[]]>([
    [{ type: 'iax' }, ['a_b']],
    [{ type: 'custom' }, []],
    [{ text: '20' }, ['201', '202', '203']],
    [{ text: 'sALES' }, ['a_b']],
    [{ text: 'ärger' }, ['b-b']],
    [{ text: '%' }, ['a_b']],
    [{ text: '_' }, ['a_b']],
    [{ text: '\\' }, ['b-b']],
    [{ text: "' OR TRUE --" }, []],
    [{ text: '20', type: 'iax' }, []],
  ])('%j returns %j', async (query, expected) => {
    expect(await numbers(query, ours.member)).toEqual(expected);
    expect((await extensions.list(query, ours.member)).meta.pagination.total).toBe(expected.length);
  });

  test.each<[string, string]>([
    ['limit', '0'],
    ['limit', '501'],
    ['limit', 'x'],
    ['limit', '1.5'],
    ['offset', '-1'],
    ['offset', '1000001'],
    ['org_id', '0'],
    ['org_id', '2147483648'],
    ['type', 'SIP'],
    ['text', ''],
    ['text', '\0'],
    ['text', 'x'.repeat(256)],
    ['nmae', 'x'],
  ])('%s=%j is 400', async (field, value) => {
    const { status, error } = await extensions.list({ [field]: value }, admin);
    expect([status, error.details?.[0]?.field]).toEqual([400, field]);
  });
});
