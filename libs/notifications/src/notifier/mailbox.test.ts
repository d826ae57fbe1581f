import { expect, test } from 'vitest';
import { Mailbox } from './mailbox.ts';

test.each([
  ['no-reply@example.com', { name: '', address: 'no-reply@example.com' }],
  ['OrionTel <no-reply@example.com>', { name: 'OrionTel', address: 'no-reply@example.com' }],
  ['"Orion, Tel" <no-reply@example.com>', { name: 'Orion, Tel', address: 'no-reply@example.com' }],
])('Mailbox reads %s', (text, mailbox) => {
  expect(Mailbox.parse(text)).toEqual(mailbox);
});

test.each(['', 'OrionTel', 'a@example.com, b@example.com', 'OrionTel <no address>'])(
  'Mailbox rejects %j',
  (text) => {
    const { error } = Mailbox.safeParse(text);
    expect(error?.issues[0]!.message).toContain('must be one email address');
  },
);
