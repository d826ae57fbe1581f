import { cpuTimeMs } from '@oriontel/service/testing';
import { describe, expect, it } from 'vitest';
import { freeswitchSamples } from '../../fixtures/freeswitch-samples.ts';
import { isFreeswitch, readFreeswitch } from './read-freeswitch.ts';

const MIB = 1024 * 1024;

/** Mulberry32: every run damages the documents in the same way. */
function randomFrom(seed: number) {
  return function random() {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function damage(body: string, random: () => number): string {
  const at = Math.floor(random() * body.length);
  if (random() < 0.5) return body.slice(0, at);
  return body.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + body.slice(at + 1);
}

function milliseconds(work: () => unknown): number {
  const start = cpuTimeMs();
  work();
  return cpuTimeMs() - start;
}

describe('a damaged document', () => {
  it.each(freeswitchSamples())(
    '$name does not make readFreeswitch throw, and its facts can be stored',
    ({ name, body }) => {
      const random = randomFrom(name.length * 7919);
      for (let round = 0; round < 40; round++) {
        const reading = readFreeswitch(damage(body, random), {});
        if (!reading.ok) expect(reading.reason).toMatch(/[a-z]/);
        else
          for (const value of Object.values(reading.facts))
            expect(typeof value === 'string' && (value.includes('\0') || value.length > 255)).toBe(false);
      }
    },
  );
});

describe('a hostile body', () => {
  const hostile: [string, string][] = [
    ['deep XML', '<cdr>' + '<a>'.repeat(10 * MIB)],
    ['deep XML with an end tag', '<cdr>' + '<a>'.repeat(MIB) + '</cdr>'],
    ['deep JSON', '['.repeat(30 * MIB)],
    ['deep JSON with variables', '{"variables":' + '['.repeat(MIB) + ']'.repeat(1) + '}'],
    ['15 MiB of percent sequences', 'cdr=' + '%41'.repeat(5 * MIB) + '%zz'],
    ['1 MiB of backslashes', '{"variables":"' + '\\'.repeat(MIB) + '"}'],
    ['100,000 repeated callflows', '{"variables":{},' + '"callflow":1,'.repeat(100_000) + '"a":1}'],
    ['15 MiB of base64', 'cdr=' + 'A'.repeat(15 * MIB)],
    ['15 MiB of blanks', ' '.repeat(15 * MIB) + 'x'],
    ['a wide document', '<cdr>' + '<a/>'.repeat(MIB / 2 - 10) + '</cdr>'],
    [
      'a billion laughs',
      '<?xml version="1.0"?><!DOCTYPE cdr [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><cdr>&b;</cdr>',
    ],
  ];

  it.each(hostile)('%s is rejected within 3 seconds of CPU time', (_, body) => {
    const spent = milliseconds(() => {
      isFreeswitch({ body });
      expect(readFreeswitch(body, { uuid: 'a_u-1' })).toMatchObject({ ok: false, callId: 'u-1' });
    });
    expect(spent).toBeLessThan(3000);
  });
});
