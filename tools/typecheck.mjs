// Type-checks one project, tests included, with the options of the root tsconfig.json.
import { resolve } from 'node:path';
import ts from 'typescript';

const project = process.argv[2];
if (!project) throw new Error('Usage: node tools/typecheck.mjs <project folder>');

const root = process.cwd();
const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent({ ...config, include: [project] }, ts.sys, root);
const declarations = ts.sys.readDirectory(root, ['.d.ts'], ['node_modules', 'dist'], ['libs/*/src']);
const program = ts.createProgram([...fileNames, ...declarations], options);
const diagnostics = ts
  .getPreEmitDiagnostics(program)
  .filter(({ file }) => !file || file.fileName.startsWith(`${resolve(project)}/`));
if (diagnostics.length) {
  console.error(
    ts.formatDiagnosticsWithColorAndContext(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  );
}
process.exit(diagnostics.length ? 1 : 0);
