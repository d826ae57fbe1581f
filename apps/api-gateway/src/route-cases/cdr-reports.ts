import { buildRecord } from '@oriontel/cdr/testing';
import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { fresh, type RouteCases } from './route-case.ts';

/** A call of a trunk of its own, stored. */
const sendCall = async (world: TestGateway): Promise<{ call_id: string; trunk_id: string }> => {
  const call = { call_id: fresh('cdr'), trunk_id: fresh('trunk') };
  await world.call(`/cdr/${fresh('batch')}`, {
    as: world.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source: 'node', records: [buildRecord(call)] },
  });
  return call;
};

const filterMistakes = {
  'a disposition that is none': { query: { disposition: 'MAYBE' }, status: 400, field: 'disposition' },
  'a time that is none': { query: { from: 'yesterday' }, status: 400, field: 'from' },
  'a filter that is none': { query: { surprise: '1' }, status: 400, field: 'surprise' },
};

export const cdrReportCases: RouteCases = {
  'GET /cdrs/export': {
    example: async (world) => {
      const { call_id } = await sendCall(world);
      return { url: `/cdrs/export?call_id=${call_id}`, mark: call_id };
    },
    status: 200,
    orgId: 'query',
    elsewhere: 200,
    mistakes: {
      ...filterMistakes,
      'a format that is none': { query: { format: 'xls' }, status: 400, field: 'format' },
      'a page of it': { query: { limit: '5' }, status: 400, field: 'limit' },
    },
  },
  'GET /cdrs/summary': {
    example: async (world) => {
      const { trunk_id } = await sendCall(world);
      return { url: `/cdrs/summary?group_by=trunk&trunk_id=${trunk_id}`, mark: `"${trunk_id}"` };
    },
    status: 200,
    data: {
      total: { calls: 1, answered: 1, minutes: 5.7, asr: 100, acd: 342 },
      groups: [{ trunk_id: expect.any(String) as string, calls: 1 }],
    },
    orgId: 'query',
    elsewhere: 200,
    mistakes: {
      ...filterMistakes,
      'a grouping that is none': { query: { group_by: 'caller' }, status: 400, field: 'group_by' },
      'a leg that is none': { query: { leg: 'c' }, status: 400, field: 'leg' },
      'a page too large': { query: { limit: '501' }, status: 400, field: 'limit' },
    },
  },
};
