import { expect, test } from 'vitest';
import { createLogger } from './log.ts';

function logLine(fields: object): string {
  let text = '';
  createLogger('test', 'info', { write: (line: string) => void (text += line) }).info(fields, 'message');
  return text;
}

const SECRET = 'hunter2-hunter2';

test.each([
  { authorization: SECRET },
  { headers: { authorization: SECRET } },
  { req: { headers: { authorization: SECRET, cookie: SECRET } } },
  { res: { headers: { 'set-cookie': [SECRET] } } },
  { password: SECRET },
  { body: { password: SECRET } },
  { body: { user: { token: SECRET, refresh_token: SECRET } } },
  { body: { secret: SECRET, key: SECRET } },
])('createLogger redacts secrets: %j', (fields) => {
  const line = logLine(fields);
  expect(line).not.toContain(SECRET);
  expect(line).toContain('[redacted]');
});

test('createLogger logs errors with stack and cause', () => {
  const line = logLine({ err: new Error('outer', { cause: new Error('inner') }) });
  const { err } = JSON.parse(line) as { err: { stack: string; cause: { message: string } } };
  expect(err.stack).toContain('log.test.ts');
  expect(err.cause.message).toBe('inner');
});
