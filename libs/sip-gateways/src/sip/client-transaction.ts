/** RFC 3261, 17.1.1.1 and 17.1.2.2, in milliseconds. */
export const T1_MS = 500;
export const T2_MS = 4_000;
export const TIMER_F_MS = 64 * T1_MS;

/** A process that was held up has not yet read what came meanwhile: it looks once more before it says that nothing did. */
const TIMER_DELAY_TOLERANCE_MS = 50;
const LATE_READ_TIMEOUT_MS = 250;

export type Outcome =
  | { kind: 'answered'; code: number; reason: string; latencyMs: number; sent: number; lost: number }
  /** `after`: what there was until then. */
  | { kind: 'timeout'; after: 'nothing' | 'provisional' | 'name' | 'connection'; sent: number }
  | { kind: 'failed'; error: unknown; sent: number };

export interface ClientTransaction {
  /** A response that matches. `copy`: which copy of the request it is to, null where it does not say. */
  receive: (response: { code: number; reason: string }, copy: number | null) => void;
  fail: (error: unknown) => void;
  /** Its timers end and nothing is told. */
  cancel: () => void;
}

export interface TransactionOptions {
  /** Over TCP and TLS nothing is sent twice. */
  reliable: boolean;
  /** Timer F is the smaller of this and 32 s. */
  timeoutMs: number;
  /** Sends the copy of this number, from 1. */
  send: (copy: number) => void;
  /** Told once. */
  onOutcome: (outcome: Outcome) => void;
}

/** An answer to an earlier copy than the last one sent, until it is known which of the two it belongs to. */
interface AmbiguousResponse {
  code: number;
  reason: string;
  copy: number;
  at: number;
}

/**
 * The non-INVITE client transaction (RFC 3261, 17.1.2), which also measures. Copies go out after T1, doubling up to T2 (timer E),
 * from a provisional answer on every T2, until timer F. It has no Completed state: the caller drops what matches nothing.
 *
 * An answer names the copy it is to. Where that is the last one sent, or nothing was sent twice, that is the measurement. Where it is an
 * earlier one, the answer was slow, or it got lost and the server, which keeps it, sent it again for a later copy (17.2.2). A slow
 * server answers the later copy as well, after the same time: so the second answer is waited for, that long and half as long again,
 * and where none comes the answer belongs to the last copy and those before are lost.
 */
export function startTransaction({
  reliable,
  timeoutMs,
  send,
  onOutcome,
}: TransactionOptions): ClientTransaction {
  const patience = Math.min(TIMER_F_MS, Math.max(timeoutMs, 0));
  const due = performance.now() + patience;
  const sentAt: number[] = [];
  let interval = T1_MS;
  let provisional = false;
  let doubtful: AmbiguousResponse | null = null;
  let over = false;
  let timerE: NodeJS.Timeout | undefined;
  let timerF: NodeJS.Timeout | undefined;
  let timerDoubt: NodeJS.Timeout | undefined;

  function end(outcome?: Outcome): void {
    if (over) return;
    over = true;
    for (const timer of [timerE, timerF, timerDoubt]) clearTimeout(timer);
    if (outcome) onOutcome(outcome);
  }
  function answered({ code, reason, at }: Omit<AmbiguousResponse, 'copy'>, copy: number): void {
    end({
      kind: 'answered',
      code,
      reason,
      latencyMs: at - sentAt[copy - 1]!,
      sent: sentAt.length,
      lost: copy - 1,
    });
  }
  const repeated = (answer: AmbiguousResponse): void => answered(answer, sentAt.length);

  function sendCopy(): void {
    sentAt.push(performance.now());
    if (!reliable) timerE = setTimeout(onTimerE, interval);
    try {
      send(sentAt.length);
    } catch (error) {
      end({ kind: 'failed', error, sent: sentAt.length });
    }
  }
  function onTimerE(): void {
    interval = provisional ? T2_MS : Math.min(interval * 2, T2_MS);
    sendCopy();
  }

  function giveUp(): void {
    if (doubtful) repeated(doubtful);
    else end({ kind: 'timeout', after: provisional ? 'provisional' : 'nothing', sent: sentAt.length });
  }
  function onTimerF(): void {
    clearTimeout(timerE);
    const heldUp = performance.now() - due > TIMER_DELAY_TOLERANCE_MS;
    timerF = setTimeout(giveUp, heldUp ? LATE_READ_TIMEOUT_MS : 0);
  }

  function doubt(answer: AmbiguousResponse): void {
    doubtful = answer;
    clearTimeout(timerE);
    timerDoubt = setTimeout(() => repeated(answer), 1.5 * (sentAt.at(-1)! - sentAt[answer.copy - 1]!));
  }

  timerF = setTimeout(onTimerF, patience);
  sendCopy();

  return {
    receive({ code, reason }, named) {
      if (over) return;
      if (code < 200) {
        provisional = true;
        return;
      }
      if (doubtful) return answered(doubtful, doubtful.copy);
      const last = sentAt.length;
      const copy = named !== null && named >= 1 && named <= last ? named : last;
      const answer = { code, reason, copy, at: performance.now() };
      // One that was announced by a provisional answer is sent of the server's own accord, for whichever copy began it.
      if (copy === last || provisional) answered(answer, copy);
      else doubt(answer);
    },
    fail: (error) => end({ kind: 'failed', error, sent: sentAt.length }),
    cancel: () => end(),
  };
}
