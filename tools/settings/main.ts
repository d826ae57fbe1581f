// Writes docs/settings.md and .env.example: npm run docs:settings
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { collectSettings } from './collect-settings.ts';
import { renderEnvExample, renderMarkdown } from './render-settings.ts';

const markdownFile = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));
const envFile = fileURLToPath(new URL('../../.env.example', import.meta.url));

const settings = collectSettings();
await writeFile(markdownFile, await renderMarkdown(settings, markdownFile));
await writeFile(envFile, renderEnvExample(settings));
