import Fastify from 'fastify';
import { withTimeout } from '@oriontel/contracts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Readiness checks by name; a check that rejects, throws or takes longer than 2 s has failed. */
export type Checks = Record<string, () => Promise<unknown>>;

export type Readiness = { ready: boolean; checks: Record<string, 'ok' | 'failed'> };

const CHECK_TIMEOUT_MS = 2_000;

export async function runChecks(checks: Checks, log: Logger): Promise<Readiness> {
  async function runCheck([name, check]: [string, Checks[string]]) {
    try {
      await withTimeout(CHECK_TIMEOUT_MS, name, Promise.resolve().then(check));
      return [name, 'ok'] as const;
    } catch (err) {
      log.warn({ err, check: name }, 'readiness check failed');
      return [name, 'failed'] as const;
    }
  }
  const results = await Promise.all(Object.entries(checks).map(runCheck));
  return { ready: results.every(([, state]) => state === 'ok'), checks: Object.fromEntries(results) };
}

export interface AdminOptions {
  log: Logger;
  host: string;
  port: number;
  checks: Checks;
  metrics: Metrics;
}

/**
 * Starts the operator's server: /healthz (process is running), /readyz (checks pass), /metrics (Prometheus).
 * Returns a function that stops it.
 */
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
