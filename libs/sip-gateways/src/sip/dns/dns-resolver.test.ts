import { expect, test } from 'vitest';
import { createDnsResolver } from './dns-resolver.ts';

test('lookup asks the operating system', async () => {
  const addresses = (await createDnsResolver().lookup('localhost')).map(({ address }) => address);
  expect(['127.0.0.1', '::1']).toContain(addresses[0]);
});

// An invalid name fails without a name server.
test.each(['resolve4', 'resolve6', 'resolveSrv'] as const)('%s rejects with a code of node:dns', (query) =>
  expect(createDnsResolver()[query]('a..example')).rejects.toMatchObject({ code: 'EBADNAME' }),
);
