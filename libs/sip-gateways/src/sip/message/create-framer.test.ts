import { cpuTimeMs } from '@oriontel/service/testing';
import { describe, expect, it } from 'vitest';
import { createFramer } from './create-framer.ts';

function message(name: string, body = '', length: number | string = body.length) {
  return `SIP/2.0 200 ${name}\r\nCall-ID: ${name}\r\nl: ${length}\r\n\r\n${body}`;
}
function pushAll(chunks: (string | Buffer)[]) {
  const framer = createFramer();
  const messages: string[] = [];
  for (const chunk of chunks) {
    const pushed = framer.push(Buffer.from(chunk));
    if (!pushed.ok) return { messages, problem: pushed.problem };
    messages.push(...pushed.value.map(String));
  }
  return { messages, problem: null };
}

describe('createFramer', () => {
  const three = [message('a'), message('b', 'body\r\n\r\nof b'), message('c', 'é'.repeat(3_000), 6_000)];
  const whole = Buffer.from(`\r\n\r\n${three[0]}\r\n${three[1]}${three[2]}\r\n\r\n`);

  it.each([1, 2, 3, 7, 64, 1_000, 100_000])('returns the same messages for chunks of %i bytes', (size) => {
    const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size),
    );
    expect(pushAll(chunks)).toEqual({ messages: three, problem: null });
  });

  it('returns each message as soon as it is complete', () => {
    const framer = createFramer();
    const bytes = Buffer.from(message('a', 'xyz'));
    expect(framer.push(bytes.subarray(0, -1))).toEqual({ ok: true, value: [] });
    expect(framer.push(bytes.subarray(-1))).toMatchObject({ value: [bytes] });
  });

  it('reads many small messages in one chunk', () => {
    expect(pushAll([message('a').repeat(5_000)]).messages).toHaveLength(5_000);
  });

  it.each([
    ['no Content-Length', 'SIP/2.0 200 OK\r\nCall-ID: a\r\n\r\n'],
    ['two of them', 'SIP/2.0 200 OK\r\nl: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a negative one', message('a', '', -1)],
    ['one that is too large', message('a', '', 65_530)],
    ['headers without end', 'x'.repeat(70_000)],
    ['rubbish with an end', 'rubbish\r\n\r\n'],
  ])('reports a problem with %s', (_what, text) =>
    expect(pushAll([text]).problem).toEqual(expect.any(String)),
  );

  it('returns the complete messages before a problem', () => {
    expect(pushAll([message('a'), 'rubbish\r\n\r\n'])).toMatchObject({
      messages: [message('a')],
      problem: expect.any(String) as string,
    });
  });

  it('reads a stream byte by byte in linear time', () => {
    const framer = createFramer();
    const bytes = Buffer.from(
      message('a', 'x'.repeat(30_000)).replace('l:', `X: ${'y'.repeat(8_000)}\r\nl:`),
    );
    const began = cpuTimeMs();
    let count = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      const pushed = framer.push(bytes.subarray(i, i + 1));
      if (pushed.ok) count += pushed.value.length;
    }
    expect(count).toBe(1);
    expect(cpuTimeMs() - began).toBeLessThan(2_000);
  });
});
