// HTTP baseline of the intake: routes that only parse the same body and respond.
import Fastify from 'fastify';

const MAX_BODY_BYTES = 32 * 1024 * 1024;

const app = Fastify({ bodyLimit: MAX_BODY_BYTES });
app.post('/cdr/:index', async (request) => {
  const { records } = request.body as { records?: unknown[] };
  return { status: 'success', processed: records?.length ?? 1 };
});
app.put('/eventlog/:orgId', async (request) => {
  const { event_type } = request.body as { event_type: string };
  return { status: 'success', event_type };
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
process.send?.('ready');
process.on('disconnect', () => process.exit());
