import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { banner } from './banner.ts';

const text = banner(readConfig({ PORT: '8080' }), {
  database: { url: 'postgresql://me:hidden@db.example.com/oriontel', kind: 'given' },
  queues: null,
});

test('says where it listens and which stores it uses, and no password', () => {
  expect(text).toContain('http://127.0.0.1:8080');
  expect(text).toContain('given, at db.example.com');
  expect(text).toContain('in PostgreSQL (no redis-server');
  expect(text).not.toContain('hidden');
});

/** The commands as a shell runs them, with a curl that answers what the platform answers, or what it was sent. */
function paste(answer: string, ...after: string[]): string {
  const commands = text.split('\n').filter((line) => /^(PASSWORD|TOKEN|curl)/.test(line));
  // Descriptor 3 is the output itself, where a command's own is caught in a variable.
  const script = ['exec 3>&1', `curl() { ${answer}; }`, ...commands, ...after].join('\n');
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' });
}

test('its commands can be pasted: the token is found in the answer', () => {
  expect(paste(`echo '{"data":{"token":"abc.def"}}'`, 'echo "TOKEN=$TOKEN"')).toContain('TOKEN=abc.def');
});

test('its commands send valid JSON, with the password that was made up', () => {
  const bodies = paste('for part; do case "$part" in "{"*) echo "$part" >&3; esac; done')
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
