import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { banner } from './banner.ts';

const text = banner(readConfig({ PORT: '8080' }), {
  database: { url: 'postgresql://me:hidden@db.example.com/oriontel', kind: 'external' },
  queues: null,
});

test('banner names the URL and the stores, without passwords', () => {
  expect(text).toContain('http://127.0.0.1:8080');
  expect(text).toContain('external, at db.example.com');
  expect(text).toContain('PostgreSQL (no redis-server');
  expect(text).not.toContain('hidden');
});

/** Runs the commands in a shell whose curl is the given function body. */
function runCommands(curlBody: string, ...after: string[]): string {
  const commands = text.split('\n').filter((line) => /^(PASSWORD|TOKEN|curl)/.test(line));
  // Descriptor 3 is the output of the script even within a command substitution.
  const script = ['exec 3>&1', `curl() { ${curlBody}; }`, ...commands, ...after].join('\n');
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' });
}

test('the commands of the banner extract the token from the response', () => {
  expect(runCommands(`echo '{"data":{"token":"abc.def"}}'`, 'echo "TOKEN=$TOKEN"')).toContain(
    'TOKEN=abc.def',
  );
});

test('the commands of the banner send valid JSON with the generated password', () => {
  const bodies = runCommands('for part; do case "$part" in "{"*) echo "$part" >&3; esac; done')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, string>);
  const [register, login, batch] = bodies;
  expect(register).toMatchObject({
    username: 'admin',
    role: 'admin',
    password: expect.stringMatching(/^.{36}$/),
  });
  expect(login!.password).toBe(register!.password);
  expect(batch!.records).toHaveLength(1);
});
