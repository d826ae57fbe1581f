import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';

let pbx: TestPbx;
let extensions: TestPbx['extensions'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ extensions } = pbx);
});
afterAll(() => pbx.close());

describe('who may', () => {
  async function statuses(as: string, id: string) {
    return [
      (await extensions.read(id, as)).status,
      (await extensions.make({}, as)).status,
      (await extensions.update(id, { name: 'x' }, as)).status,
      (await extensions.remove(id, as)).status,
    ];
  }

  test.each([
    ['manager-1', [200, 201, 200, 204]],
    ['admin', [200, 201, 200, 204]],
    ['user-1', [200, 403, 403, 403]],
    ['key-1', [403, 403, 403, 403]],
    ['stray', [403, 403, 403, 403]],
    ['', [401, 401, 401, 401]],
    // Another organization's are not there.
    ['manager-2', [404, 201, 404, 404]],
    ['user-2', [404, 403, 403, 403]],
  ])('%s: read, make, change, delete is %j', async (as, expected) => {
    const { data } = await extensions.make();
    expect(await statuses(as, data.id)).toEqual(expected);
    if (expected[3] !== 204) expect((await extensions.read(data.id)).data).toEqual(data);
  });

  test('nobody below admin lists or fills another organization', async () => {
    expect((await extensions.list({ org_id: '2' })).status).toBe(403);
    expect((await extensions.list({ org_id: '1' })).status).toBe(200);
    expect((await extensions.list({}, 'stray')).status).toBe(403);
    expect((await extensions.make({ org_id: 2 })).status).toBe(403);
    expect((await extensions.make({ org_id: 1 })).data.org_id).toBe(1);
  });

  test('an admin fills any organization that is there, the default one where it names none', async () => {
    expect((await extensions.make({}, 'admin')).data.org_id).toBe(1);
    expect((await extensions.make({ org_id: 2 }, 'admin')).data.org_id).toBe(2);
    const { status, error } = await extensions.make({ org_id: 99 }, 'admin');
    expect([status, error.message]).toEqual([404, 'Organization not found: create it first.']);
  });
});

const secret = 'x'.repeat(70_000);
const deep = (levels: number): object => (levels ? { a: deep(levels - 1) } : {});

describe('what cannot be is 400 and names its field', () => {
  test.each<[string, object]>([
    ['extension_number', { extension_number: '' }],
    ['extension_number', { extension_number: 'x'.repeat(33) }],
    ['extension_number', { extension_number: '10 01' }],
    ['extension_number', { extension_number: '1001\n' }],
    ['extension_number', { extension_number: '10\x0001' }],
    ['extension_number', { extension_number: 1001 }],
    ['extension_number', { extension_number: undefined }],
    ['name', { name: ' ' }],
    ['name', { name: 'a\0b' }],
    ['name', { name: '\ud800' }],
    ['name', { name: 'x'.repeat(129) }],
    ['extension_type', { extension_type: 'SIP' }],
    ['extension_type', { extension_type: undefined }],
    ['config_data', { config_data: [] }],
    ['config_data', { config_data: null }],
    ['config_data', { config_data: { a: ['\0'] } }],
    ['config_data', { config_data: { 'a\0': 1 } }],
    ['config_data', { config_data: { secret } }],
    ['config_data', { config_data: deep(33) }],
    ['org_id', { org_id: '1' }],
    ['org_id', { org_id: 0 }],
    ['id', { id: '0192f3a4-0000-7000-8000-000000000000' }],
    ['created_at', { created_at: '2024-01-15T10:30:00Z' }],
    ['color', { color: 'red' }],
  ])('making one: %s', async (field, more) => {
    const { status, error } = await extensions.make(more);
    expect([status, error.code, error.details?.[0]?.field]).toEqual([400, 400, field]);
  });

  test.each<[string, unknown]>([
    ['', {}],
    ['', []],
    ['', null],
    ['name', { name: '' }],
    ['name', { name: 'a\0b' }],
    ['name', { name: null }],
    ['extension_type', { extension_type: 'pjsip' }],
    ['config_data', { config_data: 'x' }],
    ['config_data', { config_data: { a: '\ud800' } }],
    ['extension_number', { extension_number: '1', name: 'x' }],
    ['org_id', { org_id: 2 }],
    ['id', { id: '0192f3a4-0000-7000-8000-000000000000', name: 'x' }],
  ])('changing one: %s', async (field, body) => {
    const { data } = await extensions.make();
    const { status, error } = await extensions.update(data.id, body);
    expect([status, error.details?.[0]?.field ?? '']).toEqual([400, field]);
    expect((await extensions.read(data.id)).data).toEqual(data);
  });
});

test.each(['x', '1', '%00', "'--", '00000000-0000-0000-0000-000000000000', 'x'.repeat(5_000)])(
  '%s is the id of none: 404',
  async (id) => {
    const answers = [
      await extensions.read(id),
      await extensions.update(id, { name: 'x' }),
      await extensions.remove(id),
    ];
    for (const { status, error } of answers)
      expect([status, error.message]).toEqual([404, 'No such extension.']);
  },
);
