import { defineConfig } from 'vitest/config';
import { SpreadingSequencer } from './vitest.sequencer.ts';

const FOLDERS = ['apps', 'bench', 'libs', 'tests', 'tools'];

/**
 * Test files that change the state of their process, so that each needs a process of its own. The others
 * share the modules that a process has loaded: importing them anew for each file took 200 s of a run.
 */
const ISOLATED_FILES = [
  'libs/identity/src/users/password-hasher.test.ts',
  'libs/queues/src/take-over.test.ts',
];

function defineTestProject(name: string, files: { include: string[]; exclude?: string[]; isolate: boolean }) {
  return { test: { name, ...files, restoreMocks: true, testTimeout: 20_000, hookTimeout: 30_000 } };
}

// The global set-up belongs to the root alone: a project that inherits it would start its stores again.
export default defineConfig({
  test: {
    globalSetup: './vitest.global-setup.ts',
    // CI has two cores; a third file runs while another waits for a process or a timer.
    maxWorkers: 3,
    // With `--coverage`. It does not count programs that tests start as processes, which are bundles:
    // `*.main.ts`, the start of the stack in devstack, the set-up of the apps. Besides these, files of
    // libs/*/src below 85 % of lines have branches for another operating system (process-identity.ts) or an
    // error listener (connect-limit-redis.ts).
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'json-summary'],
      include: ['{apps,libs}/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/testing.ts', '**/fixtures/**', '**/generated/**'],
    },
    sequence: { sequencer: SpreadingSequencer },
    projects: [
      defineTestProject('shared', {
        include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
        exclude: ISOLATED_FILES,
        isolate: false,
      }),
      defineTestProject('isolated', { include: ISOLATED_FILES, isolate: true }),
    ],
  },
});
