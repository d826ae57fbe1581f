import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
// Taken from the two API documents: every request that they show, and the answer where they show one.
import examples from './document-examples.json' with { type: 'json' };
import { startTestGateway, type TestGateway } from './testing.ts';

interface Example {
  method: string;
  path: string;
  body?: object;
  answer?: object;
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

/** The members that an example shows, down to the first item of each list: `pagination.page`, `results[].actor.type`. */
function membersOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length ? membersOf(value[0], `${at}[]`) : [];
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([name, member]) => membersOf(member, at ? `${at}.${name}` : name));
}
/** What a member is for the client alone, and lists that the demo data leaves empty. */
function hasMember(members: string[], member: string): boolean {
  return members.some(
    (one) => one === member || one.startsWith(`${member}.`) || member.startsWith(`${one}.`),
  );
}

const platform: Example[] = examples.platform;

describe('the platform document, against the demo data', () => {
  test.each(platform.map((example) => [`${example.method} ${example.path}`, example] as const))(
    '%s runs as written',
    async (_name, example) => {
      const answer = await send(example);
      expect([answer.status, answer.body.slice(0, 500)]).toEqual([200, expect.anything()]);
      if (!example.answer) return;
      const members = membersOf(answer.json);
      const shown = membersOf(example.answer);
      expect(shown.filter((member) => !hasMember(members, member))).toEqual([]);
    },
  );
});

describe('the OrionTel document', () => {
  test('runs as written, each id being that of what was made before', async () => {
    let id = '';
    const statuses = { POST: 201, GET: 200, PUT: 200, DELETE: 204 };
    for (const example of examples.oriontel as Example[]) {
      const { method, path } = example;
      const answer = await send({ ...example, path: path.replace(':id', id) });
      const status = path === '/auth/login' ? 200 : statuses[method as 'GET'];
      expect([path, answer.status, answer.body.slice(0, 500)]).toEqual([path, status, expect.anything()]);
      const { data } = (answer.json ?? {}) as { data?: { id?: string } };
      if (method === 'POST' && data?.id) ({ id } = data as { id: string });
      if (example.answer) expect(membersOf(data).sort()).toEqual(membersOf(example.answer).sort());
    }
  });
});
