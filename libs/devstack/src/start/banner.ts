import type { Config } from '../config.ts';
import { reachableHost } from './app-processes.ts';
import type { Store, Stores } from './start-stores.ts';

/** What a new user needs next, every line fit for pasting into a shell: curl and Node are all it takes. */
export function banner(config: Config, stores: Pick<Stores, 'database' | 'queues'>): string {
  const base = `http://${reachableHost(config.HOST)}:${config.PORT}`;
  return `
OrionTel listens on ${base}
  PostgreSQL  ${describeStore(stores.database)}
  Queues      ${stores.queues ? `Redis, ${describeStore(stores.queues)}` : 'in PostgreSQL (no redis-server or valkey-server on PATH)'}
  Demo data   ${config.DEMO_DATA}
  Stop        Ctrl-C

Your first admin, in another terminal (keep the password, it is shown only here):

${registerCommands(base)}

A first call record, and how it is found again:

${firstRecordCommands(base)}
`;
}

function describeStore(store: Store): string {
  return store.kind === 'embedded' ? `embedded, in ${store.folder}` : `given, at ${new URL(store.url).host}`;
}

function registerCommands(base: string): string {
  return `\
PASSWORD=$(node -p 'crypto.randomUUID()'); echo "admin password: $PASSWORD"
curl -sS ${base}/auth/register -H 'Content-Type: application/json' -d '{"username":"admin","email":"admin@example.com","password":"'"$PASSWORD"'","role":"admin"}'
TOKEN=$(curl -sS ${base}/auth/login -H 'Content-Type: application/json' -d '{"username":"admin","password":"'"$PASSWORD"'"}' | sed -n 's/.*"token": *"\\([^"]*\\)".*/\\1/p')`;
}

function firstRecordCommands(base: string): string {
  return `\
curl -sS "${base}/cdr/batch001" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"records":[{"call_id":"abc123-def456","caller":"+14155551234","callee":"+14155555678","start_time":"2024-01-15T10:30:00Z","end_time":"2024-01-15T10:35:42Z","duration":342,"disposition":"ANSWERED","trunk_id":"trunk_001"}]}'
curl -sS "${base}/cdrs?call_id=abc123-def456" -H "Authorization: Bearer $TOKEN"`;
}
