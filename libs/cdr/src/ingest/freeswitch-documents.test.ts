import { basicAuthorization, type ListBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord } from '../calls/call-record.ts';
import { freeswitchSamples, type FreeswitchSample } from '../fixtures/freeswitch-samples.ts';
import { publicSamples } from '../fixtures/public-samples.ts';
import { createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';

type ExpectedLeg = Exclude<FreeswitchSample['expected'], 'unreadable'>;

const samples = freeswitchSamples();
const readable = samples.filter((sample) => sample.expected !== 'unreadable');
const PREFER_WAIT = { prefer: 'wait=20' };
let cdr: TestCdr;

beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
});
afterAll(() => cdr.close());

function send(
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string },
  key = cdr.ours.key,
) {
  return cdr.call<IntakeBody>(path, {
    as: basicAuthorization(key),
    headers: { ...headers, ...PREFER_WAIT },
    body,
  });
}
async function find(callId: string, as = cdr.ours.member) {
  return (await cdr.call<ListBody<CallRecord>>(`/cdrs?call_id=${callId}`, { as })).json.data;
}
const toIsoTime = (epoch: number) =>
  epoch ? new Date(epoch * 1000).toISOString().replace('.000Z', 'Z') : null;

describe('a document of FreeSWITCH 1.10.12, with its own headers and Basic credentials', () => {
  test.each(samples.map((sample) => [sample.name, sample] as const))(
    '%s is acknowledged',
    async (_name, sample) => {
      const { status, json } = await send(sample);
      expect(status).toBe(200);
      expect(json).toMatchObject({ status: 'success', processed: 1, batch_id: 'freeswitch-node-01' });
    },
  );

  test.each(readable.map((sample) => [sample.name, sample.expected as ExpectedLeg] as const))(
    '%s is stored once, with the values of EXPECTED.tsv',
    async (_name, expected) => {
      const found = await find(expected.uuid);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        call_id: expected.uuid,
        org_id: cdr.ours.orgId,
        leg: expected.leg,
        direction: expected.direction,
        start_time: toIsoTime(expected.startEpoch),
        answer_time: toIsoTime(expected.answerEpoch),
        end_time: toIsoTime(expected.endEpoch),
        billsec: expected.billsec,
        duration: expected.duration,
        hangup_cause: expected.hangupCause,
        disposition: expected.disposition,
      });
      if (expected.caller) expect(found[0]!.caller).toBe(expected.caller);
      if (expected.callee) expect(found[0]!.callee).toBe(expected.callee);
    },
  );

  test('the legs of a bridged call are linked both ways', async () => {
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

  test('the unreadable document is quarantined unchanged, with the FreeSWITCH setting to fix', async () => {
    const as = cdr.ours.member;
    const { json } = await cdr.call<ListBody<{ id: string; reason: string; detail: string }>>(
      '/cdrs/quarantine',
      { as },
    );
    const unreadable = samples.filter(({ expected }) => expected === 'unreadable');
    const documents = await Promise.all(
      json.data.map(async ({ id }) => {
        const item = await cdr.call<{ data: { document: string } }>(`/cdrs/quarantine/${id}`, { as });
        return item.json.data.document;
      }),
    );
    expect(documents).toEqual(unreadable.map(({ body }) => body));
    expect(json.data[0]).toMatchObject({ reason: 'unreadable' });
    expect(json.data[0]!.detail).toMatch(/encode.*false/);
  });

  test('sending every document again stores nothing twice', async () => {
    const responses = await Promise.all(readable.map((sample) => send(sample)));
    for (const { json } of responses) expect(json).toMatchObject({ stored: 0, duplicates: 1, conflicts: 0 });
    const legs = new Set(readable.map(({ expected }) => (expected as ExpectedLeg).uuid));
    expect(await cdr.db.$queryRaw`SELECT count(*)::int AS count FROM cdrs`).toEqual([{ count: legs.size }]);
  });

  test('the same document of another organization is another call', async () => {
    const [sample] = readable;
    expect((await send(sample!, cdr.theirs.key)).json).toMatchObject({ stored: 1 });
    const { uuid } = sample!.expected as ExpectedLeg;
    const [theirs] = await find(uuid, cdr.theirs.member);
    const [ours] = await find(uuid);
    expect(theirs!.id).not.toBe(ours!.id);
  });
});

describe.each(publicSamples())('sample of another project: $name', ({ name, body, expected }) => {
  const contentType = name.endsWith('.json')
    ? 'application/json'
    : name.endsWith('.txt')
      ? 'application/x-www-form-urlencoded'
      : 'text/xml';
  test('is acknowledged, and stored or quarantined with a reason', async () => {
    const batch = `public-${name.replaceAll(/[^\w-]/g, '_').slice(0, 50)}`;
    const { status, json } = await send({
      path: `/cdr/${batch}`,
      headers: { 'content-type': contentType },
      body,
    });
    expect(status).toBe(200);
    expect(json.stored! + json.duplicates! + json.conflicts! + json.quarantined).toBe(1);
    if (json.stored) {
      const [leg] = (await cdr.call<ListBody<CallRecord>>(`/cdrs?batch_id=${batch}`, { as: cdr.ours.member }))
        .json.data;
      expect(leg).toMatchObject({ disposition: expected['disposition'] });
    } else if (!json.duplicates) {
      const { data } = (
        await cdr.call<ListBody<{ detail: string }>>(`/cdrs/quarantine?batch_id=${batch}`, {
          as: cdr.ours.member,
        })
      ).json;
      expect(data[0]!.detail).not.toBe('');
    }
  });
});

describe('a FreeSWITCH document is never rejected', () => {
  const headers = { 'user-agent': 'freeswitch-json/1.0', 'content-type': 'application/json' };
  test.each([
    ['an empty body', ''],
    ['half a document', readable[0]!.body.slice(0, 2_000)],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80])],
    ['NUL characters', '{"variables": {"uuid": "a\\u0000b"}}\0'],
    ['lone surrogates', '{"variables": {"uuid": "\\ud800"}}'],
    ['a list', '[]'],
  ])('%s is acknowledged and quarantined', async (_what, body) => {
    const batch = `broken-${Math.random().toString(36).slice(2)}`;
    const { status, json } = await cdr.call<IntakeBody>(`/cdr/${batch}?uuid=x`, {
      as: basicAuthorization(cdr.ours.key),
      headers: { ...headers, ...PREFER_WAIT },
      method: 'POST',
      body,
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ stored: 0, quarantined: 1 });
    const { data } = (
      await cdr.call<ListBody<{ detail: string }>>(`/cdrs/quarantine?batch_id=${batch}`, {
        as: cdr.ours.member,
      })
    ).json;
    expect(data[0]!.detail).not.toBe('');
  });
});
