const REPEAT_AFTER_MS = 1_000;

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP and calls `onRepeat` at later ones. Signals within a second
 * of the first are ignored: at Ctrl-C the terminal signals npm too, and npm forwards its signal.
 */
export function stopSignals(source: NodeJS.EventEmitter, onRepeat: () => void): AbortController {
  const stop = new AbortController();
  let stoppedAt = 0;
  function onSignal() {
    if (!stoppedAt) {
      stoppedAt = Date.now();
      stop.abort(new StopRequested());
    } else if (Date.now() - stoppedAt > REPEAT_AFTER_MS) onRepeat();
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) source.on(signal, onSignal);
  return stop;
}

/** The reason of a requested stop, which is not a failure. */
export class StopRequested extends Error {
  constructor() {
    super('Stopped.');
  }
}
