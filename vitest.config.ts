import { defineConfig } from 'vitest/config';

/** Folders whose tests run; the names serve as `vitest --project apps`. */
const PROJECTS = ['apps', 'bench', 'libs', 'tests', 'tools'];

/** Tests that replace a module for all who import it, or whose timing other tests of the process disturb. */
const ISOLATED = ['libs/identity/src/users/password-hasher.test.ts', 'libs/queues/src/take-over.test.ts'];

// The global set-up belongs to the root alone: a project that inherits it would start its stores again.
export default defineConfig({
  test: {
    globalSetup: './vitest.global-setup.ts',
    // For the two cores of CI: many tests wait most of their time for a process, a database or a timer.
    maxWorkers: 3,
    // With `--coverage`. The programs that tests start as processes are bundles, which this does not count.
    coverage: {
      provider: 'v8',
      reporter: ['text-summary'],
      include: ['{apps,libs}/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/testing.ts', '**/fixtures/**', '**/generated/**'],
    },
    projects: [
      ...PROJECTS.map((folder) => project(folder, [`${folder}/**/*.test.ts`], ISOLATED)),
      { test: { ...project('isolated', ISOLATED, []).test, isolate: true } },
    ],
  },
});

/**
 * Files of a project share the modules that they import: loading them again for each would take minutes. So a
 * test must leave no spy behind.
 */
function project(name: string, include: string[], exclude: string[]) {
  return {
    test: {
      name,
      include,
      exclude,
      isolate: false,
      restoreMocks: true,
      testTimeout: 20_000,
      hookTimeout: 30_000,
    },
  };
}
