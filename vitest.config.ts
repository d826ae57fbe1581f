import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const { compilerOptions } = JSON.parse(
  readFileSync(new URL('./tsconfig.base.json', import.meta.url), 'utf8'),
) as {
  compilerOptions: { paths: Record<string, [string]> };
};
const alias = Object.entries(compilerOptions.paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}));

// The global set-up stands at the root alone: inherited by each project it would run, and start its stores, once for each.
export default defineConfig({
  test: {
    globalSetup: './vitest.global-setup.ts',
    // As many as CI has cores: half of the tests wait most of their time for a process, a database or a clock.
    maxWorkers: 2,
    projects: ['apps', 'libs', 'tests', 'tools'].map((folder) => ({
      resolve: { alias },
      test: {
        name: folder,
        include: [`${folder}/**/*.test.ts`],
        testTimeout: 20_000,
        hookTimeout: 30_000,
      },
    })),
  },
});
