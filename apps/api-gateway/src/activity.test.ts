import { buildBatch } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import examples from './document-examples.json' with { type: 'json' };
import { startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker(async () => undefined);
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

test('a CDR batch registers its source as an entity', async () => {
  const { ours } = gateway;
  const headers = { prefer: 'wait=20' };
  await gateway.call('/cdr/b', { as: ours.byKey, headers, body: buildBatch(1, { source: 'node-e' }) });
  const { json } = await gateway.call('/entities?text=node-e', { as: ours.member });
  expect(json).toMatchObject({ data: [{ type: 'source', id: 'node-e', name: null }] });
});

test('the demo data, seeded twice, contains the events of the platform document', async () => {
  await seedDemoData(gateway.db);
  await seedDemoData(gateway.db);
  const [example] = examples.platform.filter(({ path }) => path.startsWith('/events/'));
  const { status, json } = await gateway.call(example!.path, { as: gateway.admin });
  expect([status, json]).toEqual([200, example!.response]);
});
