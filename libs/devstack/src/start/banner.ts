import type { Config } from '../config.ts';
import { reachableHost } from './app-processes.ts';
import type { Store, Stores } from './start-stores.ts';

/** What a new user needs next. Every command can be pasted into a shell that has curl and Node. */
export function banner(config: Config, { database, queues }: Pick<Stores, 'database' | 'queues'>): string {
  const queueStore = queues
    ? `Redis, ${describeStore(queues)}`
    : 'PostgreSQL (no redis-server or valkey-server on PATH)';
  const base = `http://${reachableHost(config.HOST)}:${config.PORT}`;
  return `
OrionTel is ready at ${base}
  PostgreSQL  ${describeStore(database)}
  Queues      ${queueStore}
  Demo data   ${config.DEMO_DATA}
  Stop        Ctrl-C

Create the first admin in another terminal (the password is shown only once):

${registerCommands(base)}

Send a first CDR and find it:

${firstRecordCommands(base)}
`;
}

function describeStore(store: Store): string {
  return store.kind === 'embedded'
    ? `embedded, in ${store.folder}`
    : `external, at ${new URL(store.url).host}`;
}

function registerCommands(base: string): string {
  const json = "-H 'Content-Type: application/json'";
  const admin = `{"username":"admin","email":"admin@example.com","password":"'"$PASSWORD"'","role":"admin"}`;
  const login = `{"username":"admin","password":"'"$PASSWORD"'"}`;
  const extractToken = String.raw`sed -n 's/.*"token": *"\([^"]*\)".*/\1/p'`;
  return `\
PASSWORD=$(node -p 'crypto.randomUUID()'); echo "admin password: $PASSWORD"
curl -sS ${base}/auth/register ${json} -d '${admin}'
TOKEN=$(curl -sS ${base}/auth/login ${json} -d '${login}' | ${extractToken})`;
}

const FIRST_CDR = {
  call_id: 'abc123-def456',
  caller: '+14155551234',
  callee: '+14155555678',
  start_time: '2024-01-15T10:30:00Z',
  end_time: '2024-01-15T10:35:42Z',
  duration: 342,
  disposition: 'ANSWERED',
  trunk_id: 'trunk_001',
};

function firstRecordCommands(base: string): string {
  const headers = `-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`;
  return `\
curl -sS "${base}/cdr/batch001" ${headers} -d '${JSON.stringify({ records: [FIRST_CDR] })}'
curl -sS "${base}/cdrs?call_id=${FIRST_CDR.call_id}" -H "Authorization: Bearer $TOKEN"`;
}
