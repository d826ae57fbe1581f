import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs/decisions')).map((file) => join('docs/decisions', file)),
];

/** The words in backticks and links that look like a path of this repository. */
function citedPaths(text: string): string[] {
  return [...text.matchAll(/`([^`\s]+)`|\]\(([^)]+)\)/g)]
    .map(([, code, link]) => (code ?? link)!)
    .filter(
      (word) => /^(apps|libs|prisma|tests|bench|tools|docs)\/|^[A-Z]+\.md$/.test(word) && !/[<>*]/.test(word),
    );
}

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('cites only paths that exist', () => {
    expect(citedPaths(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names only commands that exist', () => {
    const named = [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script!);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});
