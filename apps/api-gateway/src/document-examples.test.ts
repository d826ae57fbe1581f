import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
// Every request of the two API documents, with the response if they show one.
import examples from './document-examples.json' with { type: 'json' };
import { startTestGateway, type TestGateway } from './testing.ts';

interface Example {
  method: string;
  path: string;
  body?: object;
  response?: object;
}

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  await seedDemoData(gateway.db);
  stopWorker = gateway.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

function send({ method, path, body }: Example) {
  return gateway.call(path, { method: method as 'GET', as: gateway.admin, ...(body && { body }) });
}

/** The paths of all members, for lists of their first item: `pagination.page`, `results[].actor.type`. */
function membersOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length ? membersOf(value[0], `${at}[]`) : [];
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([name, member]) => membersOf(member, at ? `${at}.${name}` : name));
}
/** True if the member exists, or a parent or child of it: lists may be empty in the demo data. */
function hasMember(members: string[], member: string): boolean {
  return members.some(
    (known) => known === member || known.startsWith(`${member}.`) || member.startsWith(`${known}.`),
  );
}

const platform: Example[] = examples.platform;

describe('the examples of the platform document, with the demo data', () => {
  test.each(platform.map((example) => [`${example.method} ${example.path}`, example] as const))(
    '%s responds as documented',
    async (_name, example) => {
      const response = await send(example);
      expect([response.status, response.body.slice(0, 500)]).toEqual([200, expect.anything()]);
      if (!example.response) return;
      const members = membersOf(response.json);
      const shown = membersOf(example.response);
      expect(shown.filter((member) => !hasMember(members, member))).toEqual([]);
    },
  );
});

describe('the examples of the OrionTel document', () => {
  test('respond as documented, with the ids of created resources', async () => {
    let id = '';
    const statuses = { POST: 201, GET: 200, PUT: 200, DELETE: 204 };
    for (const example of examples.oriontel as Example[]) {
      const { method, path } = example;
      const response = await send({ ...example, path: path.replace(':id', id) });
      const status = path === '/auth/login' ? 200 : statuses[method as 'GET'];
      expect([path, response.status, response.body.slice(0, 500)]).toEqual([path, status, expect.anything()]);
      const { data } = (response.json ?? {}) as { data?: { id?: string } };
      if (method === 'POST' && data?.id) ({ id } = data as { id: string });
      if (example.response) expect(membersOf(data).sort()).toEqual(membersOf(example.response).sort());
    }
  });
});
