import { keyWith, testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPbx, type TestPbx } from '../testing.ts';

const { admin, ours, theirs, unassigned } = testActors;
let pbx: TestPbx;
let extensions: TestPbx['extensions'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ extensions } = pbx);
});
afterAll(() => pbx.close());

describe('access to extensions', () => {
  async function statuses(as: string, id: string) {
    return [
      (await extensions.get(id, as)).status,
      (await extensions.create({}, as)).status,
      (await extensions.update(id, { name: 'x' }, as)).status,
      (await extensions.remove(id, as)).status,
    ];
  }

  test.each([
    [ours.manager, [200, 201, 200, 204]],
    [admin, [200, 201, 200, 204]],
    [ours.member, [200, 403, 403, 403]],
    [keyWith(['calls:write']), [403, 403, 403, 403]],
    [unassigned, [403, 403, 403, 403]],
    ['', [401, 401, 401, 401]],
    // Extensions of other organizations are not visible.
    [theirs.manager, [404, 201, 404, 404]],
    [theirs.member, [404, 403, 403, 403]],
  ])('%s: get, create, update, delete is %j', async (as, expected) => {
    const { data } = await extensions.create();
    expect(await statuses(as, data.id)).toEqual(expected);
    if (expected[3] !== 204) expect((await extensions.get(data.id)).data).toEqual(data);
  });

  test('only an admin lists or creates extensions of another organization', async () => {
    expect((await extensions.list({ org_id: `${theirs.orgId}` })).status).toBe(403);
    expect((await extensions.list({ org_id: `${ours.orgId}` })).status).toBe(200);
    expect((await extensions.list({}, unassigned)).status).toBe(403);
    expect((await extensions.create({ org_id: theirs.orgId })).status).toBe(403);
    expect((await extensions.create({ org_id: ours.orgId })).data.org_id).toBe(ours.orgId);
  });

  test('an admin creates extensions in any existing organization, by default in organization 1', async () => {
    expect((await extensions.create({}, admin)).data.org_id).toBe(1);
    expect((await extensions.create({ org_id: ours.orgId }, admin)).data.org_id).toBe(ours.orgId);
    const { status, error } = await extensions.create({ org_id: 99 }, admin);
    expect([status, error.message]).toEqual([404, 'Organization not found: create it first.']);
  });
});

const secret = 'x'.repeat(70_000);
const deep = (levels: number): object => (levels ? { a: deep(levels - 1) } : {});

describe('an invalid field is 400 and named in the details', () => {
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
  ])('POST /extensions: %s', async (field, more) => {
    const { status, error } = await extensions.create(more);
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
  ])('PUT /extensions/:id: %s', async (field, body) => {
    const { data } = await extensions.create();
    const { status, error } = await extensions.update(data.id, body);
    expect([status, error.details?.[0]?.field ?? '']).toEqual([400, field]);
    expect((await extensions.get(data.id)).data).toEqual(data);
  });
});

test.each(['x', '1', '%00', "'--", '00000000-0000-0000-0000-000000000000', 'x'.repeat(5_000)])(
  'the unknown id %s is 404',
  async (id) => {
    const responses = [
      await extensions.get(id),
      await extensions.update(id, { name: 'x' }),
      await extensions.remove(id),
    ];
    for (const { status, error } of responses)
      expect([status, error.message]).toEqual([404, 'No such extension.']);
  },
);
