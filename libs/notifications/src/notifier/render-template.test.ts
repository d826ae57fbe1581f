import { cpuTimeMs } from '@oriontel/service/testing';
import { expect, test } from 'vitest';
import type { JsonObject } from '@oriontel/contracts';
import { renderTemplate } from './render-template.ts';

function render(template: string, data: JsonObject | string = {}, maxLength = 8_192) {
  return renderTemplate(
    template,
    {
      type: 'missed_call',
      entity: 'user/67890',
      at: '2024-01-15T10:30:00.000Z',
      // Parsed JSON, as from the intake: __proto__ is an own property.
      data: typeof data === 'string' ? (JSON.parse(data) as JsonObject) : data,
    },
    maxLength,
  );
}

test('renderTemplate inserts fields of the event', () => {
  const data = {
    caller_id: '+14155551234',
    time: '10:30',
    call: { legs: [{ id: 7 }], 'a.b': 'c' },
    'x.y': 'z',
  };
  expect(render('You missed a call from {{caller_id}} at {{ time }}', data)).toBe(
    'You missed a call from +14155551234 at 10:30',
  );
  expect(render('{{call.legs.0.id}} {{x.y}} {{call.legs}}', data)).toBe('7 z [{"id":7}]');
  expect(render('{{type}} of {{entity}} at {{timestamp}}')).toBe(
    'missed_call of user/67890 at 2024-01-15T10:30:00Z',
  );
  expect(render('{{type}} {{off}} {{none}}|', { type: 'own', off: false, none: null })).toBe('own false |');
});

test('renderTemplate removes unknown names and keeps text that is not a placeholder', () => {
  expect(render('[{{missing}}][{{a.b.c}}][{{a.b}}]', { a: { b: 1 } })).toBe('[][][1]');
  expect(render('{{}} {{{a}}} {a} {{a', { a: 1 })).toBe('{{}} {1} {a} {{a');
});

test.each([
  'constructor',
  '__proto__',
  '__proto__.x',
  'toString',
  'a.constructor.name',
  'a.__proto__.x',
  'text.length',
  'constructor.constructor',
])('renderTemplate does not read the inherited property %s', (name) => {
  expect(render(`[{{${name}}}]`, '{"a": {}, "text": "abc"}')).toBe('[]');
});

test('renderTemplate reads an own property named __proto__', () => {
  expect(render('[{{__proto__.x}}]', '{"__proto__": {"x": "own"}}')).toBe('[own]');
});

test('renderTemplate does not parse inserted values, and removes their control characters', () => {
  expect(render('{{a}}', { a: '{{b}}', b: 'no' })).toBe('{{b}}');
  expect(render('{{a}}', { a: 'x\r\ny\rz\u2028w' })).toBe('x\ny\nz\nw');
  expect(render('{{a}}\u0007', { a: '\u001b[31mred\u0008\u007f\u009b\tok' })).toBe('[31mred\tok');
  expect(render("{{a}}$&$'", { a: '$1$&' })).toBe("$1$&$&$'");
});

test('renderTemplate bounds its result and its time', () => {
  const start = cpuTimeMs();
  const huge = render('{{a}}'.repeat(800), { a: 'x'.repeat(60_000) }, 1_600);
  expect([huge.length, huge.at(-1)]).toEqual([1_600, '…']);
  expect(render('{{a}}'.repeat(800), { a: '\u0001'.repeat(60_000) })).toBe('');
  expect(render('{{'.repeat(2_000) + 'x}}', {}).length).toBeLessThanOrEqual(4_004);
  expect(cpuTimeMs() - start).toBeLessThan(5_000);
  expect(render('{{a}}', { a: 'x'.repeat(10) }, 10)).toBe('x'.repeat(10));
});

test.each([9, 10, 11, 12])('renderTemplate cuts no surrogate pair at %d units', (maxLength) => {
  for (const head of ['', 'a', '\u0001', '\u0001\u0002'])
    expect(render('{{a}}', { a: head + '😀'.repeat(10) }, maxLength)).toSatisfy((text: string) =>
      text.isWellFormed(),
    );
});
