import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { stopSignals } from './stop-signals.ts';

afterEach(() => void vi.useRealTimers());

test('stopSignals ignores the signal that npm forwards; a later one repeats', () => {
  vi.useFakeTimers();
  const source = new EventEmitter();
  const onRepeat = vi.fn();
  const { signal } = stopSignals(source, onRepeat);
  source.emit('SIGINT');
  source.emit('SIGINT');
  expect(signal.aborted).toBe(true);
  expect(onRepeat).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_500);
  source.emit('SIGINT');
  expect(onRepeat).toHaveBeenCalledOnce();
});
