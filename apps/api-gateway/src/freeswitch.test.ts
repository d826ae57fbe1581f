import { freeswitchSamples, publicSamples, type FreeswitchSample } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  basicAuthorization,
  startTestGateway,
  type FoundCall,
  type IntakeBody,
  type ListBody,
  type TestGateway,
} from './testing.ts';

type ExpectedLeg = Exclude<FreeswitchSample['expected'], 'unreadable'>;

const samples = freeswitchSamples();
const readable = samples.filter((sample) => sample.expected !== 'unreadable');
const wait = { prefer: 'wait=20' };
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.startWorker();
});
afterAll(() => gateway.close());

function send(
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string },
  key = gateway.ours.key,
) {
  return gateway.call<IntakeBody>(path, {
    as: basicAuthorization(key),
    headers: { ...headers, ...wait },
    body,
  });
}
async function find(callId: string, as = gateway.ours.member) {
  return (await gateway.call<ListBody<FoundCall>>(`/cdrs?call_id=${callId}`, { as })).json.data;
}
const time = (epoch: number) => (epoch ? new Date(epoch * 1000).toISOString().replace('.000Z', 'Z') : null);

describe('what a real FreeSWITCH 1.10.12 sends, with its own headers and Basic credentials', () => {
  test.each(samples.map((sample) => [sample.name, sample] as const))(
    '%s is acknowledged',
    async (_name, sample) => {
      const { status, json } = await send(sample);
      expect(status).toBe(200);
      expect(json).toMatchObject({ status: 'success', processed: 1, batch_id: 'freeswitch-node-01' });
    },
  );

  test.each(readable.map((sample) => [sample.name, sample.expected as ExpectedLeg] as const))(
    '%s reads as the table says, once, whatever it was sent as',
    async (_name, expected) => {
      const found = await find(expected.uuid);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        call_id: expected.uuid,
        org_id: gateway.ours.orgId,
        leg: expected.leg,
        direction: expected.direction,
        start_time: time(expected.startEpoch),
        answer_time: time(expected.answerEpoch),
        end_time: time(expected.endEpoch),
        billsec: expected.billsec,
        duration: expected.duration,
        hangup_cause: expected.hangupCause,
        disposition: expected.disposition,
      });
      if (expected.caller) expect(found[0]!.caller).toBe(expected.caller);
      if (expected.callee) expect(found[0]!.callee).toBe(expected.callee);
    },
  );

  test('the legs of a bridged call name each other', async () => {
    const pairs = ['answered', 'busy', 'no-answer'].map((outcome) =>
      ['aleg', 'bleg'].map((leg) => {
        const sample = readable.find(({ name }) => name === `json-${outcome}-bridged-${leg}`);
        return (sample!.expected as ExpectedLeg).uuid;
      }),
    );
    for (const [a, b] of pairs) {
      expect((await find(a!))[0]!.linked_call_id).toBe(b);
      expect((await find(b!))[0]!.linked_call_id).toBe(a);
    }
  });

  test('the one that cannot be read is in quarantine, whole, with what to set in FreeSWITCH', async () => {
    const { json } = await gateway.call<ListBody<{ reason: string; detail: string; document: string }>>(
      '/cdrs/quarantine',
      {
        as: gateway.ours.member,
      },
    );
    const unreadable = samples.filter(({ expected }) => expected === 'unreadable');
    expect(json.data.map(({ document }) => document)).toEqual(unreadable.map(({ body }) => body));
    expect(json.data[0]).toMatchObject({ reason: 'unreadable' });
    expect(json.data[0]!.detail).toMatch(/encode.*false/);
  });

  test('sent again, every one is a duplicate and nothing is stored twice', async () => {
    const answers = await Promise.all(readable.map((sample) => send(sample)));
    for (const { json } of answers) expect(json).toMatchObject({ stored: 0, duplicates: 1, conflicts: 0 });
    const legs = new Set(readable.map(({ expected }) => (expected as ExpectedLeg).uuid));
    expect(await gateway.db.$queryRaw`SELECT count(*)::int AS count FROM cdrs`).toEqual([
      { count: legs.size },
    ]);
  });

  test('under the name of another organization it is another call', async () => {
    const [sample] = readable;
    expect((await send(sample!, gateway.theirs.key)).json).toMatchObject({ stored: 1 });
    const { uuid } = sample!.expected as ExpectedLeg;
    const [theirs] = await find(uuid, gateway.theirs.member);
    const [ours] = await find(uuid);
    expect(theirs!.id).not.toBe(ours!.id);
  });
});

describe.each(publicSamples())('published by another project: $name', ({ name, body, expected }) => {
  const contentType = name.endsWith('.json')
    ? 'application/json'
    : name.endsWith('.txt')
      ? 'application/x-www-form-urlencoded'
      : 'text/xml';
  test('is acknowledged, and stored or in quarantine with its reason', async () => {
    const batch = `public-${name.replaceAll(/[^\w-]/g, '_').slice(0, 50)}`;
    const { status, json } = await send({
      path: `/cdr/${batch}`,
      headers: { 'content-type': contentType },
      body,
    });
    expect(status).toBe(200);
    expect(json.stored! + json.duplicates! + json.conflicts! + json.quarantined).toBe(1);
    if (json.stored) {
      const [leg] = (
        await gateway.call<ListBody<FoundCall>>(`/cdrs?batch_id=${batch}`, { as: gateway.ours.member })
      ).json.data;
      expect(leg).toMatchObject({ disposition: expected['disposition'] });
    } else if (!json.duplicates) {
      const { data } = (
        await gateway.call<ListBody<{ detail: string }>>(`/cdrs/quarantine?batch_id=${batch}`, {
          as: gateway.ours.member,
        })
      ).json;
      expect(data[0]!.detail).not.toBe('');
    }
  });
});

describe('a FreeSWITCH document is never refused', () => {
  const headers = { 'user-agent': 'freeswitch-json/1.0', 'content-type': 'application/json' };
  test.each([
    ['nothing at all', ''],
    ['half a document', readable[0]!.body.slice(0, 2_000)],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80])],
    ['NUL characters', '{"variables": {"uuid": "a\\u0000b"}}\0'],
    ['lone surrogates', '{"variables": {"uuid": "\\ud800"}}'],
    ['a list', '[]'],
  ])('%s: acknowledged and in quarantine', async (_what, body) => {
    const batch = `broken-${Math.random().toString(36).slice(2)}`;
    const { status, json } = await gateway.call<IntakeBody>(`/cdr/${batch}?uuid=x`, {
      as: basicAuthorization(gateway.ours.key),
      headers: { ...headers, ...wait },
      method: 'POST',
      body,
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ stored: 0, quarantined: 1 });
    const { data } = (
      await gateway.call<ListBody<{ detail: string }>>(`/cdrs/quarantine?batch_id=${batch}`, {
        as: gateway.ours.member,
      })
    ).json;
    expect(data[0]!.detail).not.toBe('');
  });
});
