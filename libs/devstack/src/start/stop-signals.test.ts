import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { stopSignals } from './stop-signals.ts';

afterEach(() => void vi.useRealTimers());

test('the Ctrl-C that also npm passes on is one; a later one insists', () => {
  vi.useFakeTimers();
  const source = new EventEmitter();
  const insist = vi.fn();
  const { signal } = stopSignals(source, insist);
  source.emit('SIGINT');
  source.emit('SIGINT');
  expect(signal.aborted).toBe(true);
  expect(insist).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_500);
  source.emit('SIGINT');
  expect(insist).toHaveBeenCalledOnce();
});
