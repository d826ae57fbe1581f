import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Extension } from './extension.ts';
import { createTestPbx, type TestPbx } from '../testing.ts';

let pbx: TestPbx;
let extensions: TestPbx['extensions'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ extensions } = pbx);
});
afterAll(() => pbx.close());

describe('an extension', () => {
  test('reads back as it was made', async () => {
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
      org_id: 1,
      created_at: expect.stringMatching(/Z$/) as string,
      updated_at: data.created_at,
    });
    expect((await extensions.read(data.id)).data).toEqual(data);
    expect((await extensions.read(data.id.toUpperCase())).data).toEqual(data);
  });

  test('has an empty config_data where none is given', async () => {
    const { data } = await extensions.make({ config_data: undefined });
    expect((await extensions.read(data.id)).data.config_data).toEqual({});
  });

  test('keeps any config_data to the letter, and what looks like SQL or like Prisma in it', async () => {
    const config_data = {
      $type: 'Raw',
      value: { $type: 'Param', a: [1, 1.5, null, true, '☎', "'; DROP TABLE extensions; --"] },
      '': {},
    };
    const { data } = await extensions.make({ config_data });
    expect((await extensions.read(data.id)).data.config_data).toEqual(config_data);
  });

  test('changes what is given and keeps the rest', async () => {
    const { data: made } = await extensions.make();
    const { status, data } = await extensions.update(made.id, { name: 'Back desk' });
    expect([status, data]).toEqual([
      200,
      { ...made, name: 'Back desk', updated_at: expect.any(String) as string },
    ]);
    expect(Date.parse(data.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.updated_at));
    const all = { name: 'Door', extension_type: 'custom', config_data: { script: 'door' } };
    expect((await extensions.update(made.id, all)).data).toMatchObject(all);
    expect((await extensions.read(made.id)).data).toMatchObject({
      ...all,
      extension_number: made.extension_number,
    });
  });

  test('config_data is replaced whole', async () => {
    const { data } = await extensions.make({ config_data: { codec: 'opus', dtmf: 'rfc4733' } });
    expect((await extensions.update(data.id, { config_data: { codec: 'pcma' } })).data.config_data).toEqual({
      codec: 'pcma',
    });
    expect((await extensions.update(data.id, { config_data: {} })).data.config_data).toEqual({});
  });

  test('two changes at once are both kept', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { data } = await extensions.make();
      await Promise.all([
        extensions.update(data.id, { name: 'new' }),
        extensions.update(data.id, { extension_type: 'iax' }),
      ]);
      expect((await extensions.read(data.id)).data).toMatchObject({ name: 'new', extension_type: 'iax' });
    }
  });

  test('is gone once deleted, and its number is free again', async () => {
    const { data } = await extensions.make({ extension_number: 'gone' });
    const deleted = await extensions.remove(data.id);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect((await extensions.read(data.id)).status).toBe(404);
    expect((await extensions.update(data.id, { name: 'x' })).status).toBe(404);
    expect((await extensions.remove(data.id)).status).toBe(404);
    expect((await extensions.make({ extension_number: 'gone' })).status).toBe(201);
  });
});

describe('a number', () => {
  test('is there once in an organization', async () => {
    await extensions.make({ extension_number: '*97' });
    const { status, error } = await extensions.make({ extension_number: '*97' });
    expect([status, error.code, error.details]).toEqual([
      409,
      409,
      [{ field: 'extension_number', message: 'is taken' }],
    ]);
    expect((await extensions.make({ extension_number: '*97' }, 'manager-2')).status).toBe(201);
  });

  test('goes to one of two who ask for it at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, () => extensions.make({ extension_number: 'race' })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });
});

describe('secrets in config_data', () => {
  const config_data = { user: 'front', password: 's3cret', trunks: [{ authToken: 's3cret' }] };
  const masked = { user: 'front', password: '********', trunks: [{ authToken: '********' }] };

  test('are read by managers and admins, and never by others', async () => {
    const { data } = await extensions.make({ config_data });
    for (const as of ['manager-1', 'admin'])
      expect((await extensions.read(data.id, as)).data.config_data).toEqual(config_data);
    const one = await extensions.read(data.id, 'user-1');
    expect(one.data.config_data).toEqual(masked);
    const all = await extensions.list({ text: data.extension_number }, 'user-1');
    expect(all.data).toEqual([{ ...data, config_data: masked }]);
  });

  test('that are masked longer than they are stay readable at the largest size', async () => {
    const pins = Object.fromEntries(Array.from({ length: 4_500 }, (_, index) => [`${index}pin`, '1']));
    const { data } = await extensions.make({ config_data: pins });
    expect((await extensions.read(data.id, 'user-1')).status).toBe(200);
  });
});
