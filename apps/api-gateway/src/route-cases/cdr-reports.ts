import { buildRecord } from '@oriontel/cdr/testing';
import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

/** Stores a call with a trunk of its own. */
async function sendCall(world: TestGateway): Promise<{ call_id: string; trunk_id: string }> {
  const call = { call_id: uniqueName('cdr'), trunk_id: uniqueName('trunk') };
  await world.call(`/cdr/${uniqueName('batch')}`, {
    as: world.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source: 'node', records: [buildRecord(call)] },
  });
  return call;
}

const invalidFilters = {
  'an invalid disposition': { query: { disposition: 'MAYBE' }, status: 400, field: 'disposition' },
  'an invalid time': { query: { from: 'yesterday' }, status: 400, field: 'from' },
  'an unknown parameter': { query: { surprise: '1' }, status: 400, field: 'surprise' },
};

export const cdrReportCases: RouteCases = {
  'GET /cdrs/export': {
    async example(world) {
      const { call_id } = await sendCall(world);
      return { url: `/cdrs/export?call_id=${call_id}`, marker: call_id };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      ...invalidFilters,
      'an invalid format': { query: { format: 'xls' }, status: 400, field: 'format' },
      'a limit': { query: { limit: '5' }, status: 400, field: 'limit' },
    },
  },
  'GET /cdrs/summary': {
    async example(world) {
      const { trunk_id } = await sendCall(world);
      return { url: `/cdrs/summary?group_by=trunk&trunk_id=${trunk_id}`, marker: `"${trunk_id}"` };
    },
    status: 200,
    data: {
      total: { calls: 1, answered: 1, minutes: 5.7, asr: 100, acd: 342 },
      groups: [{ trunk_id: expect.any(String) as string, calls: 1 }],
    },
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      ...invalidFilters,
      'an invalid grouping': { query: { group_by: 'caller' }, status: 400, field: 'group_by' },
      'an invalid leg': { query: { leg: 'c' }, status: 400, field: 'leg' },
      'a limit above the maximum': { query: { limit: '501' }, status: 400, field: 'limit' },
    },
  },
};
