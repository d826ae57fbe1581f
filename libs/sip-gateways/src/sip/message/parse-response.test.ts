import { cpuTimeMs } from '@oriontel/service/testing';
import { describe, expect, it } from 'vitest';
import { parseResponse } from './parse-response.ts';
import { tortureMessages } from './torture-messages.ts';

function buildResponse(overrides: Record<string, string> = {}, status = 'SIP/2.0 200 OK', body = '') {
  const headers = {
    Via: 'SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;rport',
    From: '<sip:a@example.com>;tag=1',
    To: '<sip:b@example.com>;tag=2',
    'Call-ID': 'x@example.com',
    CSeq: '1 OPTIONS',
    ...overrides,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([status, ...lines, '', body].join('\r\n'));
}
const read = (...parts: Parameters<typeof buildResponse>) => parseResponse(buildResponse(...parts));
function problemOf(bytes: Buffer): string {
  const reading = parseResponse(bytes);
  return reading.ok ? 'valid' : reading.problem;
}

describe('parseResponse of the RFC 4475 messages', () => {
  it.each(tortureMessages)('$section $name, $title: $expected', ({ bytes, expected }) => {
    expect(problemOf(bytes)).toBe(expected);
  });

  function valueOf(name: string) {
    const reading = parseResponse(tortureMessages.find((message) => message.name === name)!.bytes);
    return reading.ok ? reading.value : reading;
  }

  it('wsinv: ignores optional white space and folding', () => {
    expect(valueOf('wsinv')).toMatchObject({
      method: 'INVITE',
      vias: [
        { host: '192.0.2.2', port: null, params: new Map([['branch', '390skdjuw']]) },
        { host: 'spindle.example.com', params: new Map([['branch', 'z9hG4bK9ikj8']]) },
        { host: '192.168.255.111', params: new Map([['branch', 'z9hG4bK30239']]) },
      ],
    });
  });

  it('intmeth: accepts every token character', () => {
    expect(valueOf('intmeth')).toMatchObject({
      method: "!interesting-Method0123456789_*+`.%indeed'~",
      vias: [{ params: new Map([['branch', "z9hG4bK-.!%66*_+`'~"]]) }],
    });
  });

  it('unreason and noreason: reads a UTF-8 reason and an empty one', () => {
    expect(valueOf('unreason')).toMatchObject({
      reason: expect.stringContaining('девяносто девять') as string,
    });
    expect(valueOf('noreason')).toMatchObject({ code: 100, reason: '' });
  });
});

describe('parseResponse', () => {
  it('returns code, reason, method and Via', () => {
    expect(read({}, 'sip/2.0 404 Not Found')).toMatchObject({
      ok: true,
      value: {
        code: 404,
        reason: 'Not Found',
        method: 'OPTIONS',
        vias: [
          {
            host: '192.0.2.1',
            port: 5070,
            params: new Map([
              ['branch', 'z9hG4bKabc'],
              ['rport', null],
            ]),
          },
        ],
      },
    });
  });

  it('reads IPv6 with brackets, in parameters also without (RFC 5118, 4.5), and quoted values', () => {
    const via = 'SIP/2.0/UDP [2001:db8::1]:5070;received=2001:db8::9;x="a \\" , ; b";y=[::1]';
    expect(read({ Via: via })).toMatchObject({
      value: {
        vias: [
          {
            host: '[2001:db8::1]',
            port: 5070,
            params: new Map([
              ['received', '2001:db8::9'],
              ['x', 'a " , ; b'],
              ['y', '[::1]'],
            ]),
          },
        ],
      },
    });
  });

  it('needs no Content-Length, and ignores bytes after the body', () => {
    expect(read({}, undefined, 'body').ok).toBe(true);
    expect(read({ 'Content-Length': '2' }, undefined, 'body').ok).toBe(true);
    expect(read({ l: '5' }, undefined, 'body').ok).toBe(false);
  });

  it('accepts headers named like object members', () => {
    expect(read({ constructor: 'x', ['__proto__x']: 'y', hasOwnProperty: 'z' }).ok).toBe(true);
    const via = 'SIP/2.0/UDP a;__proto__=1;branch=z9hG4bKx';
    expect(read({ Via: via })).toMatchObject({
      value: {
        vias: [
          {
            params: new Map([
              ['__proto__', '1'],
              ['branch', 'z9hG4bKx'],
            ]),
          },
        ],
      },
    });
  });

  it.each([
    ['no Via', { Via: '' }],
    ['a Via of HTTP', { Via: 'HTTP/1.1/UDP a;branch=z9hG4bKx' }],
    ['a Via without host', { Via: 'SIP/2.0/UDP ;branch=z9hG4bKx' }],
    ['a Via with an open quote', { Via: 'SIP/2.0/UDP a;x="b' }],
    ['a Via that says branch twice', { Via: 'SIP/2.0/UDP a;branch=1;branch=2' }],
    ['a Via after a comma that is missing', { Via: 'SIP/2.0/UDP a;branch=1,' }],
    ['a CSeq without method', { CSeq: '1' }],
    ['a CSeq of 2^31', { CSeq: '2147483648 OPTIONS' }],
    ['an empty Call-ID', { 'Call-ID': ' ' }],
    ['a Content-Length in words', { 'Content-Length': 'two' }],
    ['a header without a name', { '': 'x' }],
    ['a header name with a space', { 'a b': 'x' }],
    ['a line of more than 8 KB', { X: 'x'.repeat(8_200) }],
  ])('refuses %s', (_what, overrides) => expect(read(overrides).ok).toBe(false));

  it.each([
    'SIP/2.0 99 x',
    'SIP/2.0 700 x',
    'SIP/2.0  200 x',
    'SIP/2.0 2e2 x',
    'SIP/2.0 200OK',
    'SIP/2.0 200 \0',
    'OPTIONS sip:a SIP/2.0',
    '',
  ])('refuses the status line %j', (status) => expect(read({}, status).ok).toBe(false));

  it.each([
    ['only LF', String(buildResponse()).replaceAll('\r', '')],
    ['a CR of its own', String(buildResponse({ X: 'a\rb' }))],
    ['no end of the headers', String(buildResponse()).trimEnd()],
    ['a folded start line', String(buildResponse()).replace('Via', ' Via')],
    ['300 headers', String(buildResponse()).replace('\r\n\r\n', `\r\n${'X: y\r\n'.repeat(300)}\r\n`)],
    ['70,000 bytes', String(buildResponse({}, undefined, 'x'.repeat(70_000)))],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => expect(parseResponse(Buffer.from(text)).ok).toBe(false));
});

/** Deterministic pseudo-random numbers (Mulberry32): the same mutations in every run. */
function createRandom(seed: number) {
  return function random(below: number) {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

describe('parseResponse of hostile bytes', () => {
  it('never throws for 30,000 mutations of the torture messages', () => {
    const random = createRandom(4475);
    const seeds = [...tortureMessages.map(({ bytes }) => bytes), buildResponse()];
    const snippets = [
      '\r\n',
      '\r\n ',
      ';',
      ',',
      '"',
      '\\',
      ':',
      '=',
      '[',
      ']',
      '/',
      'SIP/2.0/UDP ',
      'Via: ',
      'l: 9',
      '\0',
      'é',
    ];
    const counts = { valid: 0, refused: 0 };
    for (let round = 0; round < 30_000; round += 1) {
      let bytes: Buffer = Buffer.from(seeds[random(seeds.length)]!);
      for (let changes = 1 + random(4); changes > 0; changes -= 1) {
        const at = random(bytes.length + 1);
        const what = random(4);
        if (what === 0 && at < bytes.length) bytes[at] = random(256);
        else if (what === 1)
          bytes = Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from(snippets[random(snippets.length)]!),
            bytes.subarray(at),
          ]);
        else if (what === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(20))]);
        else bytes = Buffer.concat([bytes, bytes.subarray(at, at + random(200))]);
      }
      const reading = parseResponse(bytes);
      if (reading.ok) {
        counts.valid += 1;
        expect(reading.value.code).toBeGreaterThanOrEqual(100);
        expect(reading.value.vias.length).toBeGreaterThan(0);
      } else counts.refused += 1;
    }
    // The mutations must cover both outcomes.
    expect(Math.min(counts.valid, counts.refused)).toBeGreaterThan(3_000);
  });

  it.each([
    ['spaces in Via', `SIP/2.0/UDP a${' '.repeat(8_000)}x`],
    ['spaces after the protocol', `SIP${' '.repeat(8_000)}`],
    ['an open quote', `SIP/2.0/UDP a;b="${'\\"'.repeat(4_000)}`],
    ['semicolons', `SIP/2.0/UDP a${';'.repeat(8_000)}`],
    ['commas', `SIP/2.0/UDP a${','.repeat(8_000)}`],
  ])('refuses %s in linear time', (_what, via) => {
    const lines = { ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`X${i}`, via])), Via: via };
    const bytes = buildResponse(lines);
    const began = cpuTimeMs();
    for (let round = 0; round < 10; round += 1) expect(parseResponse(bytes).ok).toBe(false);
    // Quadratic time would take seconds.
    expect(cpuTimeMs() - began).toBeLessThan(1_000);
  });
});
