import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { collectSettings } from './settings/collect-settings.ts';
import { renderEnvExample, renderMarkdown } from './settings/render-settings.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const settings = collectSettings();
const STALE = 'stale: run npm run docs:settings';

test('docs/settings.md agrees with the schemas', async () => {
  const file = pathOf('docs/settings.md');
  expect(readFileSync(file, 'utf8'), STALE).toBe(await renderMarkdown(settings, file));
});

test('.env.example agrees with the schemas', () => {
  expect(readFileSync(pathOf('.env.example'), 'utf8'), STALE).toBe(renderEnvExample(settings));
});

test('collectSettings names every reader of a shared variable', () => {
  const readersOf = (name: string) => settings.find((setting) => setting.name === name)?.readers;
  expect(readersOf('DATABASE_URL')).toEqual([
    'npm start',
    'api-gateway',
    'cdr-worker',
    'eventlog-worker',
    'gateway-monitor',
  ]);
  expect(readersOf('SMTP_URL')).toEqual(['eventlog-worker']);
});
