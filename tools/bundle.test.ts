import { expect, test } from 'vitest';
import { bundlePackages, packageModules } from './bundle.mjs';

test('packageModules exports what the programs import, in every form that esbuild prints', async () => {
  const program = [
    'import fastify from "./packages/fastify.js";',
    'import pg, { types as types2 } from "./packages/pg.js";',
    'import {\n  Queue,\n  Worker as Worker2\n} from "./packages/bullmq.js";',
    'import * as cache from "./packages/lru-cache.js";',
    'import "./packages/standardwebhooks.js";',
    'import { join } from "node:path";',
  ].join('\n');
  const other = 'import { Pool } from "./packages/pg.js";\nimport { argon2id } from "@node-rs/argon2";';
  expect(Object.fromEntries(await packageModules([program, other]))).toEqual({
    fastify: "export { default } from 'fastify';",
    pg: "export { Pool, default, types } from 'pg';",
    bullmq: "export { Queue, Worker } from 'bullmq';",
    'lru-cache': "export { LRUCache } from 'lru-cache';",
    standardwebhooks: "export {  } from 'standardwebhooks';",
  });
});

test('bundlePackages writes one module per package', async () => {
  const modules = await packageModules(['import { LRUCache } from "./packages/lru-cache.js";']);
  const files = await bundlePackages(modules, '/tmp/packages');
  expect(files.map(({ path }) => path)).toEqual(['/tmp/packages/lru-cache.js']);
  expect(files[0]!.text).toContain('LRUCache');
});
