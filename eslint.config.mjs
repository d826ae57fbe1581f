import js from '@eslint/js';
import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

// Without a cached project graph the boundary rule passes silently: create it first, or fail.
await createProjectGraphAsync({ exitOnError: false, resetDaemonClient: true });

/** Forbids imports that match `patterns` in `files`. */
function restrictImports(files, patterns) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

/** An annotated variable is exempt: a function declaration cannot implement a function type. */
const UNTYPED_VARIABLE = 'VariableDeclarator[id.typeAnnotation=undefined]';

const BLOCK_ARROW = 'ArrowFunctionExpression > BlockStatement';

const RESTRICT_FUNCTIONS = [
  {
    selector: `ExportNamedDeclaration > VariableDeclaration > ${UNTYPED_VARIABLE} > ArrowFunctionExpression`,
    message: 'Export a named function declaration: its name appears in stack traces and profiles.',
  },
  {
    // Not `let`: a variable that is assigned later cannot be a function declaration.
    selector: `VariableDeclaration[kind='const'] > ${UNTYPED_VARIABLE} > ${BLOCK_ARROW}`,
    message: 'Write a named function declaration: its name appears in stack traces and profiles.',
  },
  {
    selector: `:matches(ReturnStatement, ArrowFunctionExpression) > ${BLOCK_ARROW}`,
    message: 'Return a named function: its name appears in stack traces and profiles.',
  },
];

const RESTRICT_SQL = [
  'TaggedTemplateExpression[tag.property.name=/^\\$(query|execute)Raw$/]',
  "TaggedTemplateExpression[tag.object.name='Prisma'][tag.property.name='sql']",
  'CallExpression[callee.property.name=/^\\$(query|execute)RawUnsafe$/]',
].map((selector) => ({ selector, message: 'Only *.repository.ts contains SQL.' }));

const RESTRICT_ENV = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only main.ts reads the environment: take what you need as an argument.',
};

/** Prettier's printWidth: Prettier does not break comments and strings. */
const MAX_COLUMNS = 110;

/** Test files, test support, benchmarks and build tools. */
const TEST_FILES = [
  '**/*.test.ts',
  '**/testing/**',
  '**/testing.ts',
  '**/route-cases/**',
  'vitest.*.ts',
  'tools/**',
  'bench/**',
  'tests/**',
];

function restrictSyntax(files, ...restrictions) {
  return { files, rules: { 'no-restricted-syntax': ['error', ...restrictions] } };
}

/** Named functions everywhere; SQL in repositories; the environment in entry points. Last match wins. */
export const syntaxRules = [
  restrictSyntax(['**/*.{ts,mts,mjs}'], ...RESTRICT_FUNCTIONS, RESTRICT_ENV, ...RESTRICT_SQL),
  restrictSyntax(['**/*.repository.ts', 'libs/database/src/*.ts'], ...RESTRICT_FUNCTIONS, RESTRICT_ENV),
  restrictSyntax(['**/*main.ts'], ...RESTRICT_FUNCTIONS, ...RESTRICT_SQL),
  restrictSyntax(TEST_FILES, ...RESTRICT_FUNCTIONS),
];

/** Dependency direction: apps -> features -> shared. */
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
  { ignores: ['dist', '.nx', '.oriontel', '.dev', 'node_modules', 'libs/database/src/generated'] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  prettier,
  boundaries,
  {
    files: ['**/*.{ts,mts,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
      },
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
      // Fastify handlers and test doubles are async without awaiting.
      '@typescript-eslint/require-await': 'off',
      'max-len': ['error', { code: MAX_COLUMNS, ignoreUrls: true, ignoreRegExpLiterals: true }],
      eqeqeq: ['error', 'always'],
    },
  },
  ...syntaxRules,
  {
    files: TEST_FILES,
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  restrictImports(
    ['apps/api-gateway/**'],
    [{ group: ['@oriontel/*/worker'], message: 'Queue handlers belong to workers.' }],
  ),
  restrictImports(
    ['apps/*-worker/**', 'apps/gateway-monitor/**'],
    [{ group: ['@oriontel/*/http'], message: 'Routes belong to the gateway.' }],
  ),
  restrictImports(
    ['libs/**'],
    [
      {
        group: ['@oriontel/*/http', '@oriontel/*/worker'],
        message: 'A feature never imports a feature: the app passes a function.',
      },
    ],
  ),
  {
    files: ['**/*.test.ts', '**/testing.ts', 'tests/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
