import { expect } from 'vitest';
import { uniqueName, type RouteCases } from './route-case.ts';

const number = expect.any(Number) as number;
const metrics = {
  cpu_usage: number,
  ram_usage: number,
  swap_usage: number,
  disk_usage: { total: number, used: number, free: number, mount_point: expect.any(String) as string },
};
const sample = {
  cpu_usage: 12.5,
  ram_usage: 40.1,
  swap_usage: 0,
  disk_usage: { total: 100, used: 40, free: 60, mount_point: '/' },
};

export const systemCases: RouteCases = {
  'GET /metrics': {
    example: () => ({ url: '/metrics' }),
    status: 200,
    data: metrics,
    otherOrgStatus: 200,
  },
  'GET /status': {
    example: () => ({ url: '/status' }),
    status: 200,
    data: { metrics, uptime: number, load_average: [number, number, number], process_count: number },
    otherOrgStatus: 200,
  },
  'POST /metrics': {
    example: () => ({ url: '/metrics', body: sample }),
    status: 201,
    data: { ...sample, id: expect.any(String) as string, org_id: number },
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no cpu_usage': { body: { ...sample, cpu_usage: undefined }, status: 400, field: 'cpu_usage' },
      'a ram_usage above 100 %': { body: { ...sample, ram_usage: 101 }, status: 400, field: 'ram_usage' },
      'a negative swap_usage': { body: { ...sample, swap_usage: -1 }, status: 400, field: 'swap_usage' },
      'a disk that is not an object': {
        body: { ...sample, disk_usage: 1 },
        status: 400,
        field: 'disk_usage',
      },
      'an invalid host': { body: { ...sample, host: 'a b' }, status: 400, field: 'host' },
    },
  },
  'GET /metrics/history': {
    async example({ call, ours }) {
      const host = uniqueName('host');
      await call('/metrics', { as: ours.manager, body: { ...sample, host } });
      return { url: `/metrics/history?host=${host}`, marker: `"${host}"` };
    },
    status: 200,
    data: [{ ...sample, org_id: number }],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: { 'an invalid time': { query: { from: 'yesterday' }, status: 400, field: 'from' } },
  },
};
