// The baseline of intake over HTTP: a route that parses the same body and answers, and does nothing else.
import Fastify from 'fastify';

const app = Fastify({ bodyLimit: 32 * 1024 * 1024 });
app.post('/cdr/:index', async (request) => {
  const { records } = request.body as { records: unknown[] };
  return { status: 'success', processed: records.length };
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
process.send?.('ready');
process.on('disconnect', () => process.exit());
