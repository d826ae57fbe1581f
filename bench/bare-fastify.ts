// HTTP baseline of the intake: a route that only parses the same body and responds.
import Fastify from 'fastify';

const MAX_BODY_BYTES = 32 * 1024 * 1024;

const app = Fastify({ bodyLimit: MAX_BODY_BYTES });
app.post('/cdr/:index', async (request) => {
  const { records } = request.body as { records: unknown[] };
  return { status: 'success', processed: records.length };
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
process.send?.('ready');
process.on('disconnect', () => process.exit());
