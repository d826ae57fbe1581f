import { describe, expect, it } from 'vitest';
import { freeswitchSamples } from '../../fixtures/freeswitch-samples.ts';
import { publicSamples } from '../../fixtures/public-samples.ts';
import { isFreeswitch, readFreeswitch } from './read-freeswitch.ts';
import { normalizeLeg } from '../normalize/normalize-leg.ts';

const samples = freeswitchSamples();
const uuidOf = (path: string) => new URL(path, 'http://gateway').searchParams.get('uuid') ?? undefined;
function legOf(body: string, uuid?: string) {
  const reading = readFreeswitch(body, { uuid });
  if (!reading.ok) throw new Error(reading.reason);
  return normalizeLeg(reading.facts, { region: null }, 'fallback');
}
const epoch = (time: Date | null) => (time === null ? 0 : time.getTime() / 1000);

describe('a FreeSWITCH 1.10.12 document', () => {
  it.each(samples)('$name is read as EXPECTED.tsv lists it', ({ name, path, body, expected }) => {
    if (expected === 'unreadable') return expect(readFreeswitch(body, {}).ok).toBe(false);
    const leg = legOf(body, uuidOf(path));
    const bridged = name.includes('busy-bridged');
    expect({
      uuid: leg.callId,
      leg: leg.leg,
      direction: leg.direction,
      caller: leg.caller,
      callee: leg.callee,
      startEpoch: epoch(leg.startTime),
      answerEpoch: epoch(leg.answerTime),
      endEpoch: epoch(leg.endTime),
      billsec: leg.billsec,
      duration: leg.duration,
      hangupCause: leg.hangupCause,
      disposition: leg.disposition,
    }).toEqual({
      ...expected,
      caller: expected.caller ?? '+14155551234',
      callee: expected.callee ?? (bridged ? '+14155554486' : null),
    });
    expect(leg.source).toBe('freeswitch-node-01');
  });

  it.each(samples)('$name is recognized by its content alone', ({ body }) => {
    expect(isFreeswitch({ body })).toBe(true);
  });

  it('keeps its own uuid whatever the query says', () => {
    const xml = samples.find((sample) => sample.name === 'xml-answered-inbound');
    expect(legOf(xml?.body ?? '', 'a_other').callId).toBe('b225e547-604e-4cad-9379-46db2798f987');
  });

  it('links both legs of a call with each other', () => {
    for (const call of ['answered', 'busy', 'no-answer'])
      for (const format of ['json', 'xml']) {
        const [a, b] = ['aleg', 'bleg'].map((leg) => {
          const sample = samples.find(({ name }) => name === `${format}-${call}-bridged-${leg}`);
          return legOf(sample?.body ?? '');
        });
        expect([a?.linkedCallId, b?.linkedCallId]).toEqual([b?.callId, a?.callId]);
      }
  });

  it('has the trunk that the dialplan exported', () => {
    const sample = samples.find(({ name }) => name === 'json-answered-bridged-bleg');
    expect(legOf(sample?.body ?? '')).toMatchObject({ trunkId: 'trunk_001', sipStatus: 200, q850: 16 });
  });

  it('is unreadable if mod_json_cdr encoded it twice, and the reason names the setting', () => {
    const sample = samples.find(({ expected }) => expected === 'unreadable');
    expect(readFreeswitch(sample?.body ?? '', { uuid: uuidOf(sample?.path ?? '') })).toEqual({
      ok: false,
      reason: expect.stringContaining('encode=false'),
      callId: '1122786a-b198-479a-addf-369c833d6704',
    });
  });
});

function buildDocument(variables: Record<string, unknown> = {}, callflow: unknown = []) {
  return {
    'core-uuid': 'core',
    switchname: 'node-01',
    channel_data: { direction: 'inbound' },
    variables: {
      uuid: 'u-1',
      start_epoch: '1700000000',
      answer_epoch: '0',
      end_epoch: '1700000005',
      ...variables,
    },
    callflow,
  };
}
const read = (document: unknown) => readFreeswitch(JSON.stringify(document), {});
function profile(index: string, callee: string) {
  return {
    profile_index: index,
    caller_profile: { caller_id_number: '1000', destination_number: callee },
  };
}

describe('readFreeswitch', () => {
  it.each(publicSamples())('reads $name, published between 2009 and 2025', ({ body, expected }) => {
    expect(isFreeswitch({ body })).toBe(true);
    expect(legOf(body)).toMatchObject(expected);
  });

  it('decodes variables and keeps invalid percent sequences', () => {
    const facts = { sip_from_user: '%2B1415', sip_req_user: '100%', hangup_cause: 'A%zzB%20C' };
    expect(read(buildDocument(facts))).toMatchObject({
      facts: { caller: '+1415', callee: '100%', hangupCause: 'A%zzB C' },
    });
  });

  it('does not decode variables written with encode-values=false', () => {
    const facts = { start_stamp: '2024-01-01 00:00:00', sip_from_user: '+1415', sip_req_user: '%2B1' };
    expect(read(buildDocument(facts))).toMatchObject({ facts: { caller: '+1415', callee: '%2B1' } });
  });

  it('takes caller and callee from the original profile for every form of callflow', () => {
    const [newest, original] = [profile('2', '2000'), profile('1', '*99')];
    const twice = JSON.stringify(buildDocument({}, newest)).replace(
      /}$/,
      `,"callflow":${JSON.stringify(original)}}`,
    );
    const facts = { facts: { callee: '*99' } };
    expect(read(buildDocument({}, [newest, original]))).toMatchObject(facts);
    expect(read(buildDocument({}, original))).toMatchObject(facts);
    expect(readFreeswitch(twice, {})).toMatchObject(facts);
    expect(readFreeswitch(twice.replace('"2"', '"0"').replace('"1"', '"2"'), {})).toMatchObject({
      facts: { callee: '2000' },
    });
  });

  it('reads nan and inf outside of strings as null', () => {
    const json = JSON.stringify(buildDocument({ sip_from_user: 'nan' })).replace(
      '"core"',
      '"core","mos":nan,"a":[-nan,inf,-Infinity,-1]',
    );
    expect(readFreeswitch(json, {})).toMatchObject({ ok: true, facts: { caller: 'nan' } });
  });

  it('falls back to microseconds, then to the times of the callflow', () => {
    const micros = { start_epoch: undefined, start_uepoch: '1700000000900000' };
    expect(read(buildDocument(micros))).toMatchObject({ facts: { startTime: new Date(1_700_000_000_000) } });
    const flow = { times: { created_time: '1700000001000000', hangup_time: '1700000009000000' } };
    expect(read(buildDocument({ start_epoch: undefined, end_epoch: undefined }, flow))).toMatchObject({
      facts: { startTime: new Date(1_700_000_001_000), duration: 8, answerTime: null },
    });
  });

  it.each([
    ['no start time', { start_epoch: '0' }],
    ['no end time', { end_epoch: '0' }],
    ['ends before it starts', { end_epoch: '1699999999' }],
    ['answered outside', { answer_epoch: '1700000009' }],
    ['longer than 255', { uuid: 'x'.repeat(256) }],
    ['no uuid', { uuid: '' }],
  ])('gives a reason: %s', (reason, variables) => {
    expect(read(buildDocument(variables))).toMatchObject({
      ok: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('links an a-leg with the leg it was bridged to, else with the last one attempted', () => {
    function linked(variables: Record<string, unknown>) {
      const reading = read(buildDocument(variables));
      return reading.ok ? [reading.facts.leg, reading.facts.linkedCallId] : reading.reason;
    }
    const attempted = { originated_legs: 'ARRAY%3A%3At-1%3BA%3B1%7C%3At-2%3BB%3B2' };
    expect(linked(attempted)).toEqual(['a', 't-2']);
    expect(linked({ ...attempted, originate_signal_bond: 'r-1' })).toEqual(['a', 'r-1']);
    expect(linked({ ...attempted, originate_signal_bond: 'r-1', bridge_uuid: 't-1' })).toEqual(['a', 't-1']);
    expect(linked({ bridge_uuid: 't-1', originating_leg_uuid: 'o-1' })).toEqual(['b', 'o-1']);
    expect(linked({ originator: 'u-1', bridge_uuid: 'u-1' })).toEqual(['a', null]);
  });

  it('sets trunk and source only if they are valid entity names', () => {
    expect(read(buildDocument({ sip_gateway_name: 'carrier-1' }))).toMatchObject({
      facts: { trunkId: 'carrier-1', source: 'node-01' },
    });
    expect(read({ ...buildDocument({ trunk_id: 'a%2Fb' }), switchname: 'a b' })).toMatchObject({
      facts: { trunkId: null, source: null },
    });
  });

  it('reports the position of a JSON syntax error', () => {
    expect(readFreeswitch('{"core-uuid":"x",,"variables":{"uuid":"u-9"}}', {})).toMatchObject({
      ok: false,
      reason: expect.stringContaining('not JSON near position 17'),
      callId: 'u-9',
    });
  });

  it('removes NUL characters and truncates long text', () => {
    const facts = { hangup_cause: 'A\0B', sip_from_user: 'x'.repeat(300), uuid: 'u\0-1' };
    expect(read(buildDocument(facts))).toMatchObject({
      facts: { callId: 'u-1', hangupCause: 'AB', caller: 'x'.repeat(255) },
    });
  });

  it('finds the uuid of a 2009 document in its caller profile and accepts any variable name', () => {
    const xml =
      '<?xml version="1.0"?><cdr><variables>' +
      '<start_epoch>1700000000</start_epoch><end_epoch>1700000001</end_epoch>' +
      '<nolocal:x>1</nolocal:x><1>one</1><DP_MATCH>a</DP_MATCH><DP_MATCH>b</DP_MATCH><toString>x</toString>' +
      '<sip_from_user>A%26B &amp; C</sip_from_user></variables>' +
      '<callflow profile_index="1"><caller_profile><uuid>u-2</uuid></caller_profile></callflow></cdr>';
    expect(readFreeswitch(xml, {})).toMatchObject({
      format: 'mod_xml_cdr',
      facts: { callId: 'u-2', caller: 'A&B & C', hangupCause: null, source: null },
    });
  });
});

describe('isFreeswitch', () => {
  const batch = '{"source":"x","records":[{"variables":{},"callflow":[],"core-uuid":"x"}]}';

  it('is false for JSON with outermost records, whatever the User-Agent and uuid', () => {
    expect(isFreeswitch({ body: batch, userAgent: 'freeswitch-json/1.0', uuid: 'x' })).toBe(false);
    expect(isFreeswitch({ body: batch, contentType: 'application/json' })).toBe(false);
  });

  it('is true for JSON with members that only a switch writes', () => {
    expect(isFreeswitch({ body: JSON.stringify(buildDocument(), null, 2) })).toBe(true);
    expect(isFreeswitch({ body: JSON.stringify({ ...buildDocument(), records: [] }) })).toBe(true);
  });

  it('falls back to User-Agent and uuid if the body is inconclusive', () => {
    expect(isFreeswitch({ body: 'garbage' })).toBe(false);
    expect(isFreeswitch({ body: 'garbage', uuid: 'u-1' })).toBe(true);
    expect(isFreeswitch({ body: '', userAgent: 'freeswitch-xml/1.0' })).toBe(true);
    expect(isFreeswitch({ body: '{}', userAgent: 'curl/8' })).toBe(false);
  });
});
