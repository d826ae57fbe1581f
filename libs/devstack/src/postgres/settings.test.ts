import { expect, test } from 'vitest';
import { sharedBuffersMebibytes } from './settings.ts';

test.each([
  [512, 128],
  [4_096, 512],
  [65_536, 1_024],
])('with %i MiB of memory, shared_buffers is %i MiB', (memoryMebibytes, expected) => {
  expect(sharedBuffersMebibytes(memoryMebibytes * 2 ** 20)).toBe(expected);
});
