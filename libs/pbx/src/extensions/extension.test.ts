import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Extension } from './extension.ts';
import { extensions as extensionRepository } from './extension.repository.ts';
import { createTestPbx, type TestPbx } from '../testing.ts';

const { admin, ours, theirs } = testActors;
let pbx: TestPbx;
let extensions: TestPbx['extensions'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ extensions } = pbx);
});
afterAll(() => pbx.close());

describe('an extension', () => {
  test('is returned as created', async () => {
    const body = {
      extension_number: '1001',
      name: 'Front desk',
      extension_type: 'sip',
      config_data: { codec: 'opus' },
    };
    const { status, data } = await pbx.send<Extension>('POST', '/extensions', { body });
    expect(status).toBe(201);
    expect(data).toEqual({
      ...body,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      org_id: ours.orgId,
      created_at: expect.stringMatching(/Z$/) as string,
      updated_at: data.created_at,
    });
    expect((await extensions.get(data.id)).data).toEqual(data);
    expect((await extensions.get(data.id.toUpperCase())).data).toEqual(data);
  });

  test('has an empty config_data by default', async () => {
    const { data } = await extensions.create({ config_data: undefined });
    expect((await extensions.get(data.id)).data.config_data).toEqual({});
  });

  test('keeps config_data exactly, even if it looks like SQL or a Prisma value', async () => {
    const config_data = {
      $type: 'Raw',
      value: { $type: 'Param', a: [1, 1.5, null, true, '☎', "'; DROP TABLE extensions; --"] },
      '': {},
    };
    const { data } = await extensions.create({ config_data });
    expect((await extensions.get(data.id)).data.config_data).toEqual(config_data);
  });

  test('keeps omitted fields in an update', async () => {
    const { data: created } = await extensions.create();
    const { status, data } = await extensions.update(created.id, { name: 'Back desk' });
    expect([status, data]).toEqual([
      200,
      { ...created, name: 'Back desk', updated_at: expect.any(String) as string },
    ]);
    expect(Date.parse(data.updated_at)).toBeGreaterThanOrEqual(Date.parse(created.updated_at));
    const all = { name: 'Door', extension_type: 'custom', config_data: { script: 'door' } };
    expect((await extensions.update(created.id, all)).data).toMatchObject(all);
    expect((await extensions.get(created.id)).data).toMatchObject({
      ...all,
      extension_number: created.extension_number,
    });
  });

  test('config_data is replaced as a whole', async () => {
    const { data } = await extensions.create({ config_data: { codec: 'opus', dtmf: 'rfc4733' } });
    expect((await extensions.update(data.id, { config_data: { codec: 'pcma' } })).data.config_data).toEqual({
      codec: 'pcma',
    });
    expect((await extensions.update(data.id, { config_data: {} })).data.config_data).toEqual({});
  });

  test('keeps both of two concurrent updates', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { data } = await extensions.create();
      await Promise.all([
        extensions.update(data.id, { name: 'new' }),
        extensions.update(data.id, { extension_type: 'iax' }),
      ]);
      expect((await extensions.get(data.id)).data).toMatchObject({ name: 'new', extension_type: 'iax' });
    }
  });

  test('is gone after deletion, and its number is available again', async () => {
    const { data } = await extensions.create({ extension_number: 'gone' });
    const deleted = await extensions.remove(data.id);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect((await extensions.get(data.id)).status).toBe(404);
    expect((await extensions.update(data.id, { name: 'x' })).status).toBe(404);
    expect((await extensions.remove(data.id)).status).toBe(404);
    expect((await extensions.create({ extension_number: 'gone' })).status).toBe(201);
  });
});

describe('extension_number', () => {
  test('is unique in an organization', async () => {
    await extensions.create({ extension_number: '*97' });
    const { status, error } = await extensions.create({ extension_number: '*97' });
    expect([status, error.code, error.details]).toEqual([
      409,
      409,
      [{ field: 'extension_number', message: 'is taken' }],
    ]);
    expect((await extensions.create({ extension_number: '*97' }, theirs.manager)).status).toBe(201);
  });

  test('goes to one of several concurrent requests', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => extensions.create({ extension_number: 'race' })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });
});

describe('secrets in config_data', () => {
  const config_data = { user: 'front', password: 's3cret', trunks: [{ authToken: 's3cret' }] };
  const masked = { user: 'front', password: '********', trunks: [{ authToken: '********' }] };

  test('are visible to managers and admins only', async () => {
    const { data } = await extensions.create({ config_data });
    for (const as of [ours.manager, admin])
      expect((await extensions.get(data.id, as)).data.config_data).toEqual(config_data);
    const one = await extensions.get(data.id, ours.member);
    expect(one.data.config_data).toEqual(masked);
    const all = await extensions.list({ text: data.extension_number }, ours.member);
    expect(all.data).toEqual([{ ...data, config_data: masked }]);
  });

  test('can be returned even if the mask makes them exceed the maximum size', async () => {
    const pins = Object.fromEntries(Array.from({ length: 4_500 }, (_, index) => [`${index}pin`, '1']));
    const { data } = await extensions.create({ config_data: pins });
    expect((await extensions.get(data.id, ours.member)).status).toBe(200);
  });
});

test('findOrganizationIds returns the organizations of an extension id or number', async () => {
  const repository = extensionRepository(pbx.db);
  const { data } = await extensions.create({ extension_number: 'shared' });
  await extensions.create({ extension_number: 'shared' }, theirs.manager);
  expect(await repository.findOrganizationIds(data.id)).toEqual([ours.orgId]);
  expect((await repository.findOrganizationIds('shared')).toSorted()).toEqual([ours.orgId, theirs.orgId]);
  expect(await repository.findOrganizationIds('unknown')).toEqual([]);
});
