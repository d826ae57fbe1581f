/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP; `onInsist` is called at a later one. Within a second of the first they count
 * as the same: at Ctrl-C the terminal signals us and npm, and npm passes its own on to us.
 */
export function stopSignals(source: NodeJS.EventEmitter, onInsist: () => void): AbortController {
  const stop = new AbortController();
  let first = 0;
  function onSignal() {
    if (!first) {
      first = Date.now();
      stop.abort(new StopRequested());
    } else if (Date.now() - first > 1_000) onInsist();
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) source.on(signal, onSignal);
  return stop;
}

/** Not a failure: somebody wanted it. */
export class StopRequested extends Error {
  constructor() {
    super('Stopped.');
  }
}
