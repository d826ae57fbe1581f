import { buildRecord } from '@oriontel/cdr/testing';
import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

/** Quarantines a record; returns its id and the index of its batch. */
async function quarantineRecord(world: TestGateway): Promise<{ id: string; index: string }> {
  const index = uniqueName('broken');
  const bad = buildRecord({ call_id: index, end_time: '2020-01-01T00:00:00Z' });
  await world.call(`/cdr/${index}`, {
    as: world.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source: 'node', partial: true, records: [bad] },
  });
  const { json } = await world.call<{ data: { id: string }[] }>(`/cdrs/quarantine?batch_id=${index}`, {
    as: world.ours.manager,
  });
  return { id: json.data[0]!.id, index };
}

const UNKNOWN_ID = '018d0c0b-7a40-7b3c-9f6e-2f1f5a6b7c8d';

export const quarantineCases: RouteCases = {
  'GET /cdrs/quarantine': {
    async example(world) {
      const { id, index } = await quarantineRecord(world);
      return { url: `/cdrs/quarantine?batch_id=${index}`, marker: `"${id}"` };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid cursor': { query: { cursor: 'x' }, status: 400, field: 'cursor' },
      'an invalid reason': { query: { reason: 'bad' }, status: 400, field: 'reason' },
      'an invalid time': { query: { from: 'yesterday' }, status: 400, field: 'from' },
    },
  },
  'GET /cdrs/quarantine/:id': {
    async example(world) {
      const { id, index } = await quarantineRecord(world);
      return { url: `/cdrs/quarantine/${id}`, marker: `"${index}"` };
    },
    status: 200,
    data: { reason: 'invalid', source: 'node', detail: expect.stringContaining('end_time') as string },
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/cdrs/quarantine/1', status: 404 },
      'an unknown id': { url: `/cdrs/quarantine/${UNKNOWN_ID}`, status: 404 },
    },
  },
  'GET /cdrs/quarantine/:id/content': {
    async example(world) {
      const { id, index } = await quarantineRecord(world);
      return { url: `/cdrs/quarantine/${id}/content`, marker: `"${index}"` };
    },
    status: 200,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/cdrs/quarantine/1/content', status: 404 },
      'an unknown id': { url: `/cdrs/quarantine/${UNKNOWN_ID}/content`, status: 404 },
    },
  },
  'POST /cdrs/quarantine/:id/redrive': {
    example: async (world) => ({ url: `/cdrs/quarantine/${(await quarantineRecord(world)).id}/redrive` }),
    status: 200,
    data: { batch_id: expect.stringContaining('broken') as string, state: 'accepted' },
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/cdrs/quarantine/1/redrive', status: 404 },
      'an unknown id': { url: `/cdrs/quarantine/${UNKNOWN_ID}/redrive`, status: 404 },
    },
  },
  'DELETE /cdrs/quarantine/:id': {
    example: async (world) => ({ url: `/cdrs/quarantine/${(await quarantineRecord(world)).id}` }),
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/cdrs/quarantine/1', status: 404 },
      'an unknown id': { url: `/cdrs/quarantine/${UNKNOWN_ID}`, status: 404 },
    },
  },
};
