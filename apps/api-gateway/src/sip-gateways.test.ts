import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

interface Status {
  gateway: { id: string; name: string; host: string; port: number | null };
  current_status: {
    reachable: boolean | null;
    latency_ms: number | null;
    last_check: string | null;
    consecutive_successes: number;
    uptime_percent_24h: number | null;
    status: string;
    jitter_ms: number | null;
    packet_loss: number | null;
    error: string | null;
  };
  history?: { timestamp: string; reachable: boolean; latency_ms: number | null }[];
}
interface Recorded {
  gateway: string;
  recorded_status: string;
  latency_ms: number | null;
  recorded_at: string;
}

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await seedDemoData(gateway.db);
  await seedDemoData(gateway.db);
  stopWorker = gateway.startWorker();
}, 60_000);
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

let made = 0;
async function create(more: object = {}, as = gateway.ours.manager): Promise<string> {
  const body = { id: `gw-${(made += 1)}`, name: `Gateway ${made}`, host: '192.0.2.1', ...more };
  const response = await gateway.call('/gateways', { as, body });
  expect([response.status, response.body]).toEqual([201, expect.anything()]);
  return body.id;
}
function report(path: string, body?: object, as = gateway.ours.manager) {
  return gateway.call<Recorded>(`/sipgwping/${path}`, { method: 'POST', as, ...(body && { body }) });
}
const read = (path: string, as = gateway.ours.member) => gateway.call<Status>(`/sipgwping/${path}`, { as });
/** Accepted results that are not stored yet. */
const countPending = () => gateway.db.intakeRow.count({ where: { queue: 'gateway-results' } });

describe('the examples of the platform document, called by an admin with the demo data', () => {
  test('GET returns the documented status, and the requested hours of history', async () => {
    const { status, json } = await read(
      'gateway-east-01?include_history=true&history_hours=6',
      gateway.admin,
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 'success',
      gateway: {
        id: 'gateway-east-01',
        name: 'East Coast Primary Gateway',
        host: 'sip-east.example.com',
        port: 5060,
      },
      current_status: {
        reachable: true,
        latency_ms: 23,
        consecutive_successes: 288,
        uptime_percent_24h: 100,
      },
    });
    expect(json.history!.length).toBeGreaterThanOrEqual(70);
    expect(json.history![0]).toMatchObject({ timestamp: json.current_status.last_check, latency_ms: 23 });
    const oldest = Date.parse(json.history!.at(-1)!.timestamp);
    expect(oldest).toBeGreaterThan(Date.now() - 6 * 3_600_000 - 60_000);
  });

  test('POST returns the documented response', async () => {
    const body = { details: { latency_ms: 23, packet_loss: 0.0, jitter_ms: 2 }, source: 'monitor-node-01' };
    const { status, json, headers } = await report('gateway-east-01/up/23', body, gateway.admin);
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
    expect(json).toEqual({
      status: 'success',
      gateway: 'gateway-east-01',
      recorded_status: 'up',
      latency_ms: 23,
      recorded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/) as string,
    });
    const { current_status } = (await read('gateway-east-01', gateway.admin)).json;
    expect(current_status).toMatchObject({
      last_check: json.recorded_at,
      consecutive_successes: 289,
      jitter_ms: 2,
      packet_loss: 0,
    });
  });
});

describe('an event of a gateway', () => {
  interface Events {
    events: { type: string; data: { previous_status: string } }[];
  }
  async function eventsOf(id: string, as = gateway.ours.member) {
    return (await gateway.call<Events>(`/events/gateway/${id}`, { as })).json.events;
  }

  test('is written for each change of status after the first result', async () => {
    const id = await create({ failures_to_down: 2, successes_to_up: 1 });
    for (const status of ['up', 'down', 'down', 'down', 'up', 'degraded', 'degraded']) {
      await report(`${id}/${status}`);
      await read(id);
    }
    await expect.poll(countPending, { timeout: 15_000 }).toBe(0);
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toEqual(['gateway_down', 'gateway_up', 'gateway_degraded']);
    expect(events[0]!.data.previous_status).toBe('up');
  });

  test('and a log entry are accessible to its organization only', async () => {
    const id = await create();
    const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'sip', message: 'OPTIONS' }];
    const { ours, theirs } = gateway;
    expect((await gateway.call(`/logs/gateway/${id}`, { as: ours.manager, body: { logs } })).status).toBe(
      200,
    );
    expect((await gateway.call(`/logs/gateway/${id}`, { as: ours.member })).status).toBe(200);
    expect((await gateway.call(`/logs/gateway/${id}`, { as: theirs.manager, body: { logs } })).status).toBe(
      404,
    );
    expect((await gateway.call(`/events/gateway/${id}`, { as: theirs.member })).status).toBe(404);
  });
});
