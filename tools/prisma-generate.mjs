// Generates the Prisma client. Prisma's CLI wants a native schema engine it would have to download;
// generating needs none, so it is pointed at a file that exists (this one) and never starts it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { status } = spawnSync(
  process.execPath,
  ['node_modules/prisma/build/index.js', 'generate', '--no-hints'],
  {
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(import.meta.url),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
process.exit(status ?? 1);
