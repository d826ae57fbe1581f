import { defineConfig } from 'vitest/config';

/** Folders whose tests run; the names serve as `vitest --project apps`. */
const PROJECTS = ['apps', 'bench', 'libs', 'tests', 'tools'];

// The global set-up belongs to the root alone: a project that inherits it would start its stores again.
export default defineConfig({
  test: {
    globalSetup: './vitest.global-setup.ts',
    // One per core of CI.
    maxWorkers: 2,
    // With `--coverage`. The programs that tests start as processes are bundles, which this does not count.
    coverage: {
      provider: 'v8',
      reporter: ['text-summary'],
      include: ['{apps,libs}/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/testing.ts', '**/fixtures/**', '**/generated/**'],
    },
    projects: PROJECTS.map((folder) => ({
      test: {
        name: folder,
        include: [`${folder}/**/*.test.ts`],
        restoreMocks: true,
        testTimeout: 20_000,
        hookTimeout: 30_000,
      },
    })),
  },
});
