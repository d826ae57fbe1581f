import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** A shell that a door may not be opened from: who may import which subpath of a lib. */
const doors = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});
const forbidden = (group, message) => ({ group, message });

/** apps -> features -> shared. Skipped in silence without Nx's project graph: tools/lint.mjs makes it and checks. */
export const boundaries = {
  files: ['**/*.ts'],
  plugins: { '@nx': nx },
  rules: {
    '@nx/enforce-module-boundaries': [
      'error',
      {
        allow: [],
        depConstraints: [
          { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:feature', 'type:shared'] },
          { sourceTag: 'type:feature', onlyDependOnLibsWithTags: ['type:shared'] },
          { sourceTag: 'type:shared', onlyDependOnLibsWithTags: ['type:shared'] },
        ],
      },
    ],
  },
};

export default tseslint.config(
  { ignores: ['dist', '.nx', '.oriontel', 'node_modules', 'libs/database/src/generated'] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  prettier,
  boundaries,
  {
    files: ['**/*.{ts,mjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', performance: 'readonly', URL: 'readonly' },
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs', 'tools/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Handlers that Fastify or a test wants async need not await.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only main.ts reads the environment: take what you need as an argument.',
        },
      ],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['**/*main.ts', '**/*.test.ts', 'vitest.*.ts', 'tools/**', 'bench/**', 'tests/**'],
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  doors(['apps/api-gateway/**'], [forbidden(['@oriontel/*/worker'], 'Handlers are opened by workers.')]),
  doors(
    ['apps/*-worker/**', 'apps/gateway-monitor/**'],
    [forbidden(['@oriontel/*/http'], 'Routes are opened by the gateway.')],
  ),
  doors(
    ['libs/**'],
    [
      forbidden(
        ['@oriontel/*/http', '@oriontel/*/worker'],
        'A feature never imports a feature: the app hands it a function.',
      ),
    ],
  ),
  {
    files: ['**/*.test.ts', '**/testing.ts', 'tests/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
