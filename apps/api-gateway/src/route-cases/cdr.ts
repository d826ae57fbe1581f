import { buildBatch, buildRecord } from '@oriontel/cdr/testing';
import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCase, type RouteCases, type Actor } from './route-case.ts';

async function sendBatch(world: TestGateway, batch: object): Promise<string> {
  const index = uniqueName('batch');
  await world.call(`/cdr/${index}`, { as: world.ours.byKey, body: batch });
  return index;
}

/** Without org_id, an admin reads the default organization. */
function orgQuery({ ours }: TestGateway, who: Actor): string {
  return who === 'admin' ? `?org_id=${ours.orgId}` : '';
}

function intake(action: string): RouteCase {
  return {
    example: () => ({ url: `/${action}/${uniqueName('batch')}`, body: buildBatch(2) }),
    status: 200,
    otherOrgStatus: 200,
    invalidRequests: {
      'no records': { body: { source: 'node', records: [] }, status: 400, field: 'records' },
      'an invalid source': {
        body: { source: 'a b', records: [buildRecord()] },
        status: 400,
        field: 'source',
      },
      'an end before its start': {
        body: { source: 'node', records: [buildRecord({ end_time: '2020-01-01T00:00:00Z' })] },
        status: 422,
        field: 'records[0].end_time',
      },
      'another organization': { query: { org_id: '1' }, status: 403 },
    },
  };
}

export const cdrCases: RouteCases = {
  'POST /cdr/:index': intake('cdr'),
  'POST /process/:index': intake('process'),
  'GET /cdr/:index': {
    async example(world, who) {
      return {
        url: `/cdr/${await sendBatch(world, buildBatch(1))}${orgQuery(world, who)}`,
      };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: { 'an unknown index': { url: '/cdr/never-sent', status: 404 } },
  },
  'GET /cdrs': {
    async example(world) {
      const call_id = uniqueName('cdr');
      await sendBatch(world, { source: 'node', records: [buildRecord({ call_id })] });
      return { url: `/cdrs?call_id=${call_id}`, marker: `"${call_id}"` };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid disposition': { query: { disposition: 'MAYBE' }, status: 400, field: 'disposition' },
      'an invalid time': { query: { from: 'yesterday' }, status: 400, field: 'from' },
      'an invalid cursor': { query: { cursor: 'x' }, status: 400, field: 'cursor' },
    },
  },
  'GET /cdrs/:id': {
    async example(world) {
      const call_id = uniqueName('cdr');
      await sendBatch(world, { source: 'node', records: [buildRecord({ call_id })] });
      const { json } = await world.call<{ data: { id: string }[] }>(`/cdrs?call_id=${call_id}`, {
        as: world.ours.manager,
      });
      return { url: `/cdrs/${json.data[0]!.id}` };
    },
    status: 200,
    data: { id: expect.any(String) as string, call_id: expect.any(String) as string },
    otherOrgStatus: 404,
    invalidRequests: { 'an invalid id': { url: '/cdrs/1', status: 404 } },
  },
};
