import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HttpServer } from './http/http-server.ts';

export type Metrics = Registry;

/** Creates a registry with the default metrics of the process; served at /metrics of the admin port. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export function createCounter(metrics: Metrics, name: string, help: string): Counter {
  return new Counter({ name, help, registers: [metrics] });
}

/** A histogram of durations in seconds, with buckets from 0.01 to 10. */
export function createHistogram(metrics: Metrics, name: string, help: string): Histogram {
  return new Histogram({
    name,
    help,
    buckets: [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 10],
    registers: [metrics],
  });
}

/** A gauge that calls `read` on each scrape; it has no value if `read` rejects. */
export function createObservableGauge(
  metrics: Metrics,
  name: string,
  help: string,
  read: () => Promise<number>,
): Gauge {
  return new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      await read().then(
        (value) => this.set(value),
        () => this.remove(),
      );
    },
  });
}

/** Records the duration of every request by method, route and status. */
export function timeRequests(app: HttpServer, metrics: Metrics): void {
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests in seconds',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  });
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url ?? 'unmatched';
    seconds.observe({ method, route, status: String(statusCode) }, elapsedTime / 1000);
  });
}
