import { describe, expect, it, vi } from 'vitest';
import type { DnsResolver, SrvRecord } from './dns-resolver.ts';
import { createEndpointResolver } from './create-endpoint-resolver.ts';
import { orderSrvRecords } from './order-srv-records.ts';
import { memoizeByTtl } from './memoize-by-ttl.ts';
import { mayProbe, normalizeAddress } from './may-probe.ts';

const rejectWith = (code = 'ENOTFOUND') => Promise.reject(Object.assign(new Error(code), { code }));
function srv(name: string, port: number, priority = 10, weight = 0): SrvRecord {
  return {
    name,
    port,
    priority,
    weight,
  };
}

/** A resolver of a static zone, and its DNS queries. */
function createZone(zone: Record<string, (string | SrvRecord)[]>, overrides: Partial<DnsResolver> = {}) {
  const queries: string[] = [];
  async function find<T>(
    name: string,
    type: string,
    pick: (record: string | SrvRecord) => T | null,
  ): Promise<T[]> {
    queries.push(`${type} ${name}`);
    const found = (zone[name] ?? []).flatMap((record) => pick(record) ?? []);
    return found.length ? found : rejectWith();
  }
  function pickAddress(isIPv6: boolean) {
    return function toAddressRecord(record: string | SrvRecord) {
      return typeof record === 'string' && record.includes(':') === isIPv6
        ? { address: record, ttl: 300 }
        : null;
    };
  }
  const names: DnsResolver = {
    resolve4: (name) => find(name, 'A', pickAddress(false)),
    resolve6: (name) => find(name, 'AAAA', pickAddress(true)),
    resolveSrv: (name) => find(name, 'SRV', (record) => (typeof record === 'string' ? null : record)),
    lookup(name) {
      queries.push(`hosts ${name}`);
      return rejectWith();
    },
    ...overrides,
  };
  return { queries, resolveEndpoints: createEndpointResolver(names) };
}

describe('resolveEndpoints (RFC 3263, 4.2)', () => {
  it.each([
    ['192.0.2.1', 5070, 'udp', { address: '192.0.2.1', port: 5070 }],
    ['192.0.2.1', null, 'tcp', { address: '192.0.2.1', port: 5060 }],
    ['2001:DB8:0::1', null, 'tls', { address: '2001:db8::1', port: 5061 }],
    ['::ffff:7f00:1', 5060, 'udp', { address: '127.0.0.1', port: 5060 }],
  ] as const)('takes the address %s at %s over %s without a query', async (host, port, transport, place) => {
    const { resolveEndpoints, queries } = createZone({});
    expect(await resolveEndpoints(host, port, transport)).toEqual([place]);
    expect(queries).toEqual([]);
  });

  it('resolves a name with a port to its addresses, IPv4 first', async () => {
    const { resolveEndpoints, queries } = createZone({ 'gw.example.com': ['2001:db8::1', '192.0.2.1'] });
    expect(await resolveEndpoints('GW.example.com', 5070, 'udp')).toEqual([
      { address: '192.0.2.1', port: 5070 },
      { address: '2001:db8::1', port: 5070 },
    ]);
    expect(queries).toEqual(['A gw.example.com', 'AAAA gw.example.com']);
  });

  it.each([
    ['udp', '_sip._udp'],
    ['tcp', '_sip._tcp'],
    ['tls', '_sips._tcp'],
  ] as const)('resolves a name without a port over %s by %s first', async (transport, service) => {
    const { resolveEndpoints } = createZone({
      [`${service}.example.com`]: [
        srv('b.example.com', 5072, 20),
        srv('a.example.com', 5071, 10),
        srv('gone.example.com', 1, 1),
      ],
      'a.example.com': ['192.0.2.1'],
      'b.example.com': ['192.0.2.2'],
      'example.com': ['192.0.2.9'],
    });
    expect(await resolveEndpoints('example.com', null, transport)).toEqual([
      { address: '192.0.2.1', port: 5071 },
      { address: '192.0.2.2', port: 5072 },
    ]);
  });

  it('resolves a name without SRV records to its addresses at the default port', async () => {
    const { resolveEndpoints } = createZone({ 'example.com': ['192.0.2.9'] });
    expect(await resolveEndpoints('example.com', null, 'udp')).toEqual([
      { address: '192.0.2.9', port: 5060 },
    ]);
    expect(await resolveEndpoints('example.com', null, 'tls')).toEqual([
      { address: '192.0.2.9', port: 5061 },
    ]);
  });

  it('fails if the domain declares that it has no such service', async () => {
    const { resolveEndpoints } = createZone({
      '_sip._udp.example.com': [srv('', 0)],
      'example.com': ['192.0.2.9'],
    });
    await expect(resolveEndpoints('example.com', null, 'udp')).rejects.toMatchObject({ code: 'dns' });
  });

  it('fails if the SRV query fails', async () => {
    const { resolveEndpoints } = createZone(
      { 'example.com': ['192.0.2.9'] },
      { resolveSrv: () => rejectWith('ESERVFAIL') },
    );
    await expect(resolveEndpoints('example.com', null, 'udp')).rejects.toMatchObject({ code: 'dns' });
  });

  it('falls back to the operating system, which reads /etc/hosts', async () => {
    const { resolveEndpoints } = createZone({}, { lookup: async () => [{ address: '10.0.0.7' }] });
    expect(await resolveEndpoints('pbx', 5060, 'udp')).toEqual([{ address: '10.0.0.7', port: 5060 }]);
  });

  it('names the unknown host in its failure', async () => {
    const { resolveEndpoints } = createZone({});
    await expect(resolveEndpoints('nowhere.example.com', 5060, 'udp')).rejects.toMatchObject({
      code: 'dns',
      message: 'The name nowhere.example.com was not found (ENOTFOUND).',
    });
  });

  it('succeeds if one address family resolves', async () => {
    const { resolveEndpoints } = createZone(
      { 'example.com': ['192.0.2.9'] },
      { resolve6: () => rejectWith('ETIMEOUT') },
    );
    expect(await resolveEndpoints('example.com', 5060, 'udp')).toHaveLength(1);
  });

  it('shares one query among a thousand concurrent probes', async () => {
    const { resolveEndpoints, queries } = createZone({ 'example.com': ['192.0.2.9'] });
    await Promise.all(Array.from({ length: 1_000 }, () => resolveEndpoints('example.com', 5060, 'udp')));
    expect(queries).toHaveLength(2);
  });
});

describe('memoizeByTtl', () => {
  function createCache(ttlSeconds: number) {
    let now = 0;
    const ask = vi.fn(async (name: string) => (ttlSeconds < 0 ? rejectWith() : { value: name, ttlSeconds }));
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
  ])(
    'with a TTL of %i s keeps a result for %f s, not for %f s (-1: a failure)',
    async (ttl, keptAt, goneAt) => {
      const { ask, at } = createCache(ttl);
      await at(0);
      await at(keptAt);
      expect(ask).toHaveBeenCalledTimes(1);
      await at(goneAt);
      expect(ask).toHaveBeenCalledTimes(2);
    },
  );

  it('keeps at most 10,000 names', async () => {
    const { ask, recall } = createCache(60);
    for (let i = 0; i <= 10_000; i += 1) await recall(`n${i}`);
    ask.mockClear();
    await recall('n1');
    expect(ask).not.toHaveBeenCalled();
    await recall('n0');
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('orderSrvRecords (RFC 2782)', () => {
  it('orders by priority', () => {
    const records = [srv('c', 1, 30), srv('a', 1, 10), srv('b', 1, 20)];
    expect(orderSrvRecords(records).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('puts records of one priority first in proportion to their weight, and those of weight 0 rarely', () => {
    const records = [srv('heavy', 1, 1, 75), srv('light', 1, 1, 25), srv('none', 1, 1, 0)];
    const first: Record<string, number> = { heavy: 0, light: 0, none: 0 };
    for (let i = 0; i < 1_010; i += 1) first[orderSrvRecords(records, () => i / 1_010)[0]!.name]! += 1;
    expect(first).toEqual({ heavy: 750, light: 250, none: 10 });
  });
});

describe('mayProbe', () => {
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
  ])('allows the special address %s with allowPrivate only', (address) => {
    expect(mayProbe(normalizeAddress(address), false)).toBe(false);
    expect(mayProbe(normalizeAddress(address), true)).toBe(true);
  });

  it.each(['0.0.0.0', '224.0.1.75', '255.255.255.255', '::', 'ff02::1', '::ffff:0.0.0.0', '64:ff9b::e000:1'])(
    'never allows %s',
    (address) => expect(mayProbe(normalizeAddress(address), true)).toBe(false),
  );

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1', '64:ff9b::808:808', '::ffff:8.8.8.8'])(
    'allows the public address %s',
    (address) => expect(mayProbe(normalizeAddress(address), false)).toBe(true),
  );
});
