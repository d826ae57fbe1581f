import { expect, test } from 'vitest';
import { createTestServer } from './http/testing.ts';
import {
  createCounter,
  createHistogram,
  createMetrics,
  createObservableGauge,
  timeRequests,
} from './metrics.ts';

test('createMetrics includes the default metrics of the process', async () => {
  expect(await createMetrics().metrics()).toContain('process_cpu_seconds_total');
});

test('createCounter and createHistogram register their metric', async () => {
  const metrics = createMetrics();
  createCounter(metrics, 'jobs_total', 'Jobs').inc(2);
  createHistogram(metrics, 'job_seconds', 'Duration').observe(0.07);
  const text = await metrics.metrics();
  expect(text).toMatch(/^jobs_total 2$/m);
  expect(text).toMatch(/^job_seconds_bucket\{le="0.05"\} 0$/m);
  expect(text).toMatch(/^job_seconds_bucket\{le="0.1"\} 1$/m);
});

test('createObservableGauge reads its value on each scrape and has none if reading fails', async () => {
  const metrics = createMetrics();
  let read = async () => 7;
  createObservableGauge(metrics, 'backlog_rows', 'Rows', () => read());
  expect(await metrics.metrics()).toMatch(/^backlog_rows 7$/m);
  read = () => Promise.reject(new Error('database is down'));
  expect(await metrics.metrics()).not.toMatch(/^backlog_rows \d/m);
});

test('timeRequests records method, route and status', async () => {
  const metrics = createMetrics();
  const { app } = await createTestServer((routes) => {
    timeRequests(routes, metrics);
    routes.get('/things/:id', { config: { family: 'oriontel', access: 'anyone' } }, async () => ({}));
  });
  await app.inject({ url: '/things/7' });
  await app.close();
  expect(await metrics.metrics()).toMatch(
    /^http_request_duration_seconds_count\{method="GET",route="\/things\/:id",status="200"\} 1$/m,
  );
});
