import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestSipGateways, type TestSipGateways } from '../testing.ts';

const { admin, theirs } = testActors;

let api: TestSipGateways;
beforeAll(async () => {
  api = await createTestSipGateways();
});
afterAll(() => api.close());

const create = (more?: object, as?: string) => api.create(more, as);
const report = (path: string, body?: object, as?: string) => api.report(path, body, as);
const read = (path: string, as?: string) => api.read(path, as);

describe('GET /sipgwping/:entity', () => {
  test.each([
    ['history_hours', '0'],
    ['history_hours', '721'],
    ['history_hours', '1.5'],
    ['history_hours', '1e999'],
    ['history_hours', 'NaN'],
    ['history_hours', "1' OR 1=1"],
    ['include_history', 'perhaps'],
    ['org_id', '0'],
  ])('answers 400 to %s=%s', async (field, value) => {
    const response = await read(`${await create()}?${field}=${encodeURIComponent(value)}`);
    expect([response.status, response.body]).toEqual([400, expect.stringContaining(field)]);
  });

  test('ignores unknown parameters, and has a history with include_history only', async () => {
    const id = await create();
    expect((await read(`${id}?color=red&history_hours=720`)).json).not.toHaveProperty('history');
    for (const yes of ['true', '1'])
      expect((await read(`${id}?include_history=${yes}`)).json.history).toEqual([]);
    expect((await read(`${id}?include_history=false`)).json).not.toHaveProperty('history');
  });

  test('keeps the status of gateways with the same id apart by organization', async () => {
    const id = await create();
    await create({ id, name: 'Theirs' }, theirs.manager);
    await report(`${id}/up/11`);
    await report(`${id}/down`, {}, theirs.manager);
    const [ourStatus, theirStatus] = [(await read(id)).json, (await read(id, theirs.member)).json];
    expect(ourStatus.current_status.latency_ms).toBe(11);
    expect(theirStatus.current_status.status).toBe('down');
    expect(theirStatus.gateway.name).toBe('Theirs');

    // An admin must set org_id, unless the default organization has a match.
    const ambiguous = await read(id, admin);
    expect([ambiguous.status, ambiguous.body]).toEqual([400, expect.stringContaining('org_id')]);
    const chosen = await read(`${id}?org_id=${theirs.orgId}`, admin);
    expect(chosen.json.gateway.name).toBe('Theirs');
    await create({ id, name: 'Default' }, admin);
    expect((await read(id, admin)).json.gateway.name).toBe('Default');
  });
});
