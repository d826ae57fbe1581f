// The naive peer of the benchmark: a Fastify route that stores each record by one call of Prisma, in the same
// tables with the same indexes. It has no authentication, no repeats, no links and no summary.
import { createHash } from 'node:crypto';
import { createDatabase } from '@oriontel/database';
import Fastify from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { PlatformRecord } from '@oriontel/cdr';

const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** The default of pg. */
const CONNECTIONS = 10;
const SEVERITY: Record<string, number> = { info: 0, warning: 1, error: 2, critical: 3 };

interface Event {
  event_type: string;
  severity: string;
  resource_type: string;
  resource_id: string;
  description: string;
  metadata: object;
  ip_address: string;
}

const [port, url] = process.argv.slice(2) as [string, string];
const db = createDatabase({
  url,
  name: 'naive-peer',
  connections: CONNECTIONS,
  statementTimeoutMs: 60_000,
});
const app = Fastify({ bodyLimit: MAX_BODY_BYTES });

app.post<{ Params: { index: string }; Querystring: { org_id: string } }>('/cdr/:index', async (request) => {
  const { records, source } = request.body as { records: PlatformRecord[]; source: string };
  for (const record of records) {
    const raw = JSON.stringify(record);
    await db.cdr.create({
      data: {
        id: uuidv7(),
        orgId: Number(request.query.org_id),
        callId: record.call_id,
        leg: record.leg ?? 'a',
        linkedCallId: record.linked_call_id ?? null,
        direction: record.direction ?? null,
        caller: record.caller ?? null,
        callee: record.callee ?? null,
        callerRaw: record.caller ?? null,
        calleeRaw: record.callee ?? null,
        startTime: record.start_time,
        answerTime: record.answer_time ?? null,
        endTime: record.end_time ?? null,
        duration: Math.round(record.duration ?? 0),
        billsec: Math.round(record.billsec ?? 0),
        disposition: record.disposition ?? 'ANSWERED',
        hangupCause: record.hangup_cause ?? null,
        q850: record.q850 ?? null,
        sipStatus: record.sip_status ?? null,
        trunkId: record.trunk_id ?? null,
        source,
        batchId: request.params.index,
        contentHash: createHash('sha256').update(raw).digest('base64'),
        raw: record,
      },
    });
  }
  return { status: 'success', processed: records.length };
});

app.put<{ Params: { orgId: string } }>('/eventlog/:orgId', async (request) => {
  const event = request.body as Event;
  const { id } = await db.auditEvent.create({
    data: {
      id: uuidv7(),
      orgId: Number(request.params.orgId),
      createdAt: new Date(),
      eventType: event.event_type,
      severity: SEVERITY[event.severity] ?? 0,
      actorType: 'api',
      resourceType: event.resource_type,
      resourceId: event.resource_id,
      description: event.description,
      words: [...new Set(event.description.toLowerCase().split(/\W+/))],
      metadata: event.metadata,
      ipAddress: event.ip_address,
    },
  });
  return { status: 'success', id };
});

await app.listen({ host: '127.0.0.1', port: Number(port) });
process.send?.('ready');
process.on('disconnect', () => process.exit());
