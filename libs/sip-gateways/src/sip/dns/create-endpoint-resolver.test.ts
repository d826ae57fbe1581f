import { describe, expect, it, vi } from 'vitest';
import type { DnsResolver, SrvRecord } from './dns-resolver.ts';
import { createEndpointResolver } from './create-endpoint-resolver.ts';
import { orderSrvRecords } from './order-srv-records.ts';
import { memoizeByTtl } from './memoize-by-ttl.ts';
import { mayProbe, normalizeAddress } from './may-probe.ts';

const nothing = (code = 'ENOTFOUND') => Promise.reject(Object.assign(new Error(code), { code }));
function srv(name: string, port: number, priority = 10, weight = 0): SrvRecord {
  return {
    name,
    port,
    priority,
    weight,
  };
}

/** A zone that is written down, and what it was asked. */
function openZone(zone: Record<string, (string | SrvRecord)[]>, own: Partial<DnsResolver> = {}) {
  const asked: string[] = [];
  async function find<T>(
    name: string,
    type: string,
    pick: (record: string | SrvRecord) => T | null,
  ): Promise<T[]> {
    asked.push(`${type} ${name}`);
    const found = (zone[name] ?? []).flatMap((record) => pick(record) ?? []);
    return found.length ? found : nothing();
  }
  function address(six: boolean) {
    return function addressInner(record: string | SrvRecord) {
      return typeof record === 'string' && record.includes(':') === six
        ? { address: record, ttl: 300 }
        : null;
    };
  }
  const names: DnsResolver = {
    resolve4: (name) => find(name, 'A', address(false)),
    resolve6: (name) => find(name, 'AAAA', address(true)),
    resolveSrv: (name) => find(name, 'SRV', (record) => (typeof record === 'string' ? null : record)),
    lookup(name) {
      asked.push(`hosts ${name}`);
      return nothing();
    },
    ...own,
  };
  return { asked, placesOf: createEndpointResolver(names) };
}

describe('where a gateway is (RFC 3263, 4.2)', () => {
  it.each([
    ['192.0.2.1', 5070, 'udp', { address: '192.0.2.1', port: 5070 }],
    ['192.0.2.1', null, 'tcp', { address: '192.0.2.1', port: 5060 }],
    ['2001:DB8:0::1', null, 'tls', { address: '2001:db8::1', port: 5061 }],
    ['::ffff:7f00:1', 5060, 'udp', { address: '127.0.0.1', port: 5060 }],
  ] as const)('%s at %s over %s is asked of nobody', async (host, port, transport, place) => {
    const { placesOf, asked } = openZone({});
    expect(await placesOf(host, port, transport)).toEqual([place]);
    expect(asked).toEqual([]);
  });

  it('a name with a port has addresses, IPv4 first', async () => {
    const { placesOf, asked } = openZone({ 'gw.example.com': ['2001:db8::1', '192.0.2.1'] });
    expect(await placesOf('GW.example.com', 5070, 'udp')).toEqual([
      { address: '192.0.2.1', port: 5070 },
      { address: '2001:db8::1', port: 5070 },
    ]);
    expect(asked).toEqual(['A gw.example.com', 'AAAA gw.example.com']);
  });

  it.each([
    ['udp', '_sip._udp'],
    ['tcp', '_sip._tcp'],
    ['tls', '_sips._tcp'],
  ] as const)('a name without a port over %s is asked for %s first', async (transport, service) => {
    const { placesOf } = openZone({
      [`${service}.example.com`]: [
        srv('b.example.com', 5072, 20),
        srv('a.example.com', 5071, 10),
        srv('gone.example.com', 1, 1),
      ],
      'a.example.com': ['192.0.2.1'],
      'b.example.com': ['192.0.2.2'],
      'example.com': ['192.0.2.9'],
    });
    expect(await placesOf('example.com', null, transport)).toEqual([
      { address: '192.0.2.1', port: 5071 },
      { address: '192.0.2.2', port: 5072 },
    ]);
  });

  it('one without services has addresses, at the usual port', async () => {
    const { placesOf } = openZone({ 'example.com': ['192.0.2.9'] });
    expect(await placesOf('example.com', null, 'udp')).toEqual([{ address: '192.0.2.9', port: 5060 }]);
    expect(await placesOf('example.com', null, 'tls')).toEqual([{ address: '192.0.2.9', port: 5061 }]);
  });

  it('one that says it has no such service is not asked for addresses', async () => {
    const { placesOf } = openZone({ '_sip._udp.example.com': [srv('', 0)], 'example.com': ['192.0.2.9'] });
    await expect(placesOf('example.com', null, 'udp')).rejects.toMatchObject({ word: 'dns' });
  });

  it('a name server that fails to say whether there are services is no reason to guess', async () => {
    const { placesOf } = openZone(
      { 'example.com': ['192.0.2.9'] },
      { resolveSrv: () => nothing('ESERVFAIL') },
    );
    await expect(placesOf('example.com', null, 'udp')).rejects.toMatchObject({ word: 'dns' });
  });

  it('one that DNS does not know may stand in /etc/hosts', async () => {
    const { placesOf } = openZone({}, { lookup: async () => [{ address: '10.0.0.7' }] });
    expect(await placesOf('pbx', 5060, 'udp')).toEqual([{ address: '10.0.0.7', port: 5060 }]);
  });

  it('one that nobody knows is a failure with its name', async () => {
    const { placesOf } = openZone({});
    await expect(placesOf('nowhere.example.com', 5060, 'udp')).rejects.toMatchObject({
      word: 'dns',
      message: 'The name nowhere.example.com was not found (ENOTFOUND).',
    });
  });

  it('one family is enough', async () => {
    const { placesOf } = openZone({ 'example.com': ['192.0.2.9'] }, { resolve6: () => nothing('ETIMEOUT') });
    expect(await placesOf('example.com', 5060, 'udp')).toHaveLength(1);
  });

  it('a thousand probes at once ask once', async () => {
    const { placesOf, asked } = openZone({ 'example.com': ['192.0.2.9'] });
    await Promise.all(Array.from({ length: 1_000 }, () => placesOf('example.com', 5060, 'udp')));
    expect(asked).toHaveLength(2);
  });
});

describe('what is remembered', () => {
  function openClock(ttl: number) {
    let now = 0;
    const ask = vi.fn(async (name: string) => (ttl < 0 ? nothing() : { value: name, ttl }));
    const recall = memoizeByTtl(ask, () => now);
    return {
      ask,
      recall,
      at: (seconds: number) => ((now = seconds * 1_000), recall('x').catch(() => 'failed')),
    };
  }

  it.each([
    [60, 59.9, 60.1],
    [0, 4.9, 5.1],
    [1_000_000, 3_599, 3_601],
    [-1, 4.9, 5.1],
  ])('with %i s to live holds for %f s, not for %f (-1: a failure)', async (ttl, held, gone) => {
    const { ask, at } = openClock(ttl);
    await at(0);
    await at(held);
    expect(ask).toHaveBeenCalledTimes(1);
    await at(gone);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('is never more than 10,000 names', async () => {
    const { ask, recall } = openClock(60);
    for (let i = 0; i <= 10_000; i += 1) await recall(`n${i}`);
    ask.mockClear();
    await recall('n1');
    expect(ask).not.toHaveBeenCalled();
    await recall('n0');
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('services (RFC 2782)', () => {
  it('come by priority', () => {
    const records = [srv('c', 1, 30), srv('a', 1, 10), srv('b', 1, 20)];
    expect(orderSrvRecords(records).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('of one priority come first as often as their weight says, and those of weight 0 seldom', () => {
    const records = [srv('heavy', 1, 1, 75), srv('light', 1, 1, 25), srv('none', 1, 1, 0)];
    const first: Record<string, number> = { heavy: 0, light: 0, none: 0 };
    for (let i = 0; i < 1_010; i += 1) first[orderSrvRecords(records, () => i / 1_010)[0]!.name]! += 1;
    expect(first).toEqual({ heavy: 750, light: 250, none: 10 });
  });
});

describe('a special address', () => {
  it.each([
    '10.1.2.3',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.2.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
    '::7f00:1',
  ])('%s is probed only where that is allowed', (address) => {
    expect(mayProbe(normalizeAddress(address), false)).toBe(false);
    expect(mayProbe(normalizeAddress(address), true)).toBe(true);
  });

  it.each(['0.0.0.0', '224.0.1.75', '255.255.255.255', '::', 'ff02::1', '::ffff:0.0.0.0', '64:ff9b::e000:1'])(
    '%s is never probed',
    (address) => expect(mayProbe(normalizeAddress(address), true)).toBe(false),
  );

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1', '64:ff9b::808:808', '::ffff:8.8.8.8'])(
    '%s is none',
    (address) => expect(mayProbe(normalizeAddress(address), false)).toBe(true),
  );
});
