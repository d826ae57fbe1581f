import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const { compilerOptions } = JSON.parse(readFileSync(new URL('./tsconfig.base.json', import.meta.url), 'utf8'));
const alias = Object.entries<string[]>(compilerOptions.paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file!, import.meta.url)),
}));

export default defineConfig({
  resolve: { alias },
  test: {
    projects: ['apps', 'libs', 'tests', 'tools'].map((folder) => ({
      extends: true,
      test: { name: folder, include: [`${folder}/**/*.test.ts`] },
    })),
  },
});
