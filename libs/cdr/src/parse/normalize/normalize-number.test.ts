import { cpuTimeMs } from '@oriontel/service/testing';
import { describe, expect, it } from 'vitest';
import { normalizeNumber } from './normalize-number.ts';

describe('normalizeNumber', () => {
  it.each<[string, string | null, string]>([
    ['14155551234', 'US', '+14155551234'],
    ['(415) 555-1234', 'US', '+14155551234'],
    ['011442079460000', 'US', '+442079460000'],
    ['00442079460000', 'GB', '+442079460000'],
    ['020 7946 0000', 'gb', '+442079460000'],
    ['+44 (0)20 7946 0000', null, '+442079460000'],
    ['sip:+14155551234@10.0.0.1:5060;transport=udp', null, '+14155551234'],
    ['"Alice" <sip:%2B14155551234@host;user=phone>;tag=1', null, '+14155551234'],
    ['sips:+14155551234;phone-context=x@host', null, '+14155551234'],
    ['tel:+1-415-555-1234', null, '+14155551234'],
    ['+1 (555) 000-1234', 'US', '+15550001234'],
    ['4155551234@pbx.example.com', 'US', '+14155551234'],
  ])('converts %s in region %s to %s', (raw, region, number) => {
    expect(normalizeNumber(raw, region)).toBe(number);
  });

  it.each<[string, string | null]>([
    ['1001', 'US'],
    ['110', 'DE'],
    ['200123', 'DE'],
    ['*99', 'US'],
    ['#31#4155551234', 'US'],
    ['anonymous', 'US'],
    ['restricted', 'US'],
    ['unknown', 'US'],
    ['alice@example.com', 'US'],
    ['1-800-FLOWERS', 'US'],
    ['14155551234', null],
    ['4155551234', 'XX'],
    ['6998050496961447', 'US'],
    ['+15550001234', 'US'],
    ['+', 'US'],
    ['tel:', 'US'],
    ['<>', 'US'],
  ])('keeps %s in region %s', (raw, region) => {
    expect(normalizeNumber(raw, region)).toBe(raw);
  });

  it('removes the URI around an extension or a name', () => {
    expect(normalizeNumber('sip:1001@pbx', 'US')).toBe('1001');
    expect(normalizeNumber('<sip:anonymous@anonymous.invalid>', 'US')).toBe('anonymous');
  });

  it('takes under 200 ms of CPU time for hostile input', () => {
    const start = cpuTimeMs();
    for (const text of ['<'.repeat(255), '@'.repeat(255), 'sip:' + ':'.repeat(251), '+1' + ' '.repeat(253)])
      normalizeNumber(text, 'US');
    expect(cpuTimeMs() - start).toBeLessThan(200);
  });
});
