import { buildBatch, buildRecord } from '@oriontel/cdr/testing';
import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { fresh, type RouteCase, type RouteCases, type Who } from './route-case.ts';

const send = async (world: TestGateway, batch: object): Promise<string> => {
  const index = fresh('batch');
  await world.call(`/cdr/${index}`, { as: world.ours.byKey, body: batch });
  return index;
};

/** An admin's own batches are those of the default organization. */
const asked = ({ ours }: TestGateway, who: Who): string => (who === 'admin' ? `?org_id=${ours.orgId}` : '');

const intake = (action: string): RouteCase => ({
  example: () => ({ url: `/${action}/${fresh('batch')}`, body: buildBatch(2) }),
  status: 200,
  elsewhere: 200,
  mistakes: {
    'no records': { body: { source: 'node', records: [] }, status: 400, field: 'records' },
    'a source that is no name': {
      body: { source: 'a b', records: [buildRecord()] },
      status: 400,
      field: 'source',
    },
    'an end before its start': {
      body: { source: 'node', records: [buildRecord({ end_time: '2020-01-01T00:00:00Z' })] },
      status: 422,
      field: 'records[0].end_time',
    },
    'an organization of others': { query: { org_id: '1' }, status: 403 },
  },
});

export const cdrCases: RouteCases = {
  'POST /cdr/:index': intake('cdr'),
  'POST /process/:index': intake('process'),
  'GET /cdr/:index': {
    example: async (world, who) => ({
      url: `/cdr/${await send(world, buildBatch(1))}${asked(world, who)}`,
    }),
    status: 200,
    orgId: 'query',
    elsewhere: 404,
    mistakes: { 'an index of nothing': { url: '/cdr/never-sent', status: 404 } },
  },
  'GET /cdrs': {
    example: async (world) => {
      const call_id = fresh('cdr');
      await send(world, { source: 'node', records: [buildRecord({ call_id })] });
      return { url: `/cdrs?call_id=${call_id}`, mark: `"${call_id}"` };
    },
    status: 200,
    orgId: 'query',
    elsewhere: 200,
    mistakes: {
      'a disposition that is none': { query: { disposition: 'MAYBE' }, status: 400, field: 'disposition' },
      'a time that is none': { query: { from: 'yesterday' }, status: 400, field: 'from' },
      'a cursor that is none': { query: { cursor: 'x' }, status: 400, field: 'cursor' },
    },
  },
  'GET /cdrs/:id': {
    example: async (world) => {
      const call_id = fresh('cdr');
      await send(world, { source: 'node', records: [buildRecord({ call_id })] });
      const { json } = await world.call<{ data: { id: string }[] }>(`/cdrs?call_id=${call_id}`, {
        as: world.ours.manager,
      });
      return { url: `/cdrs/${json.data[0]!.id}` };
    },
    status: 200,
    data: { id: expect.any(String) as string, call_id: expect.any(String) as string },
    elsewhere: 404,
    mistakes: { 'an id that is none': { url: '/cdrs/1', status: 404 } },
  },
};
