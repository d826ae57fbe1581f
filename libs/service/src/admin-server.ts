import Fastify from 'fastify';
import { withTimeout } from '@oriontel/contracts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Named questions that a process which can work answers without throwing. */
export type Checks = Record<string, () => Promise<unknown>>;

export type Readiness = { ready: boolean; checks: Record<string, 'ok' | 'failed'> };

const CHECK_TIMEOUT_MS = 2_000;

export async function runChecks(checks: Checks, log: Logger): Promise<Readiness> {
  const entries = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const ok = await withTimeout(CHECK_TIMEOUT_MS, name, Promise.resolve().then(check)).then(
        () => true,
        (err: unknown) => (log.warn({ err, check: name }, 'not ready'), false),
      );
      return [name, ok ? 'ok' : 'failed'] as const;
    }),
  );
  return { ready: entries.every(([, state]) => state === 'ok'), checks: Object.fromEntries(entries) };
}

export interface AdminOptions {
  log: Logger;
  host: string;
  port: number;
  checks: Checks;
  metrics: Metrics;
}

/** For the operator alone: /healthz (the process), /readyz (what it depends on), /metrics (Prometheus). */
export async function startAdminServer({
  log,
  host,
  port,
  checks,
  metrics,
}: AdminOptions): Promise<() => Promise<void>> {
  const app = Fastify({ requestTimeout: 5_000, connectionTimeout: 10_000 });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const readiness = await runChecks(checks, log);
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );
  await app.listen({ host, port });
  return function stopAdminServer() {
    return app.close();
  };
}
