/** RFC 3261, 17.1.1.1 and 17.1.2.2. */
export const T1_MS = 500;
export const T2_MS = 4_000;
export const TIMER_F_MS = 64 * T1_MS;

/** If timer F fires later than this, the event loop was blocked: responses may be waiting in the socket. */
const TIMER_DELAY_TOLERANCE_MS = 50;
/** Then they are given this much time to be read before the transaction times out. */
const LATE_READ_TIMEOUT_MS = 250;

export type Outcome =
  | { kind: 'answered'; code: number; reason: string; latencyMs: number; sent: number; lost: number }
  /** `after`: how far it got. */
  | { kind: 'timeout'; after: 'nothing' | 'provisional' | 'name' | 'connection'; sent: number }
  | { kind: 'failed'; error: unknown; sent: number };

export interface ClientTransaction {
  /** Handles a matching response. `copy`: the number of the request copy that it answers, null if unknown. */
  receive: (response: { code: number; reason: string }, copy: number | null) => void;
  fail: (error: unknown) => void;
  /** Stops the timers without an outcome. */
  cancel: () => void;
}

export interface TransactionOptions {
  /** Whether the transport is reliable (TCP, TLS): then nothing is retransmitted. */
  reliable: boolean;
  /** Timer F is the smaller of this and TIMER_F_MS. */
  timeoutMs: number;
  /** Sends the copy of this number, from 1. */
  send: (copy: number) => void;
  /** Called once, unless cancelled. */
  onOutcome: (outcome: Outcome) => void;
}

/**
 * A response to an earlier copy than the last one sent: slow, or repeated by the server for the last copy.
 */
interface AmbiguousResponse {
  code: number;
  reason: string;
  copy: number;
  at: number;
}

/**
 * The non-INVITE client transaction (RFC 3261, 17.1.2) with latency and loss measurement. Copies are sent
 * after T1, doubling up to T2 (timer E), and every T2 after a provisional response, until timer F. There is
 * no Completed state: the caller drops responses that match no transaction.
 *
 * A response names the copy that it answers. If that is the last copy sent, its latency is the measurement.
 * If it is an earlier one, either the server is slow, or its first response was lost and it repeated the
 * stored one for a later copy (17.2.2). A slow server also answers the later copy after the same time. So a
 * second response is awaited for 1.5 times that long; without one the response belongs to the last copy and
 * the earlier copies are lost.
 */
export function startTransaction({
  reliable,
  timeoutMs,
  send,
  onOutcome,
}: TransactionOptions): ClientTransaction {
  const timerFMs = Math.min(TIMER_F_MS, Math.max(timeoutMs, 0));
  const dueAt = performance.now() + timerFMs;
  const sentAt: number[] = [];
  let intervalMs = T1_MS;
  let hasProvisional = false;
  let ambiguous: AmbiguousResponse | null = null;
  let isOver = false;
  let timerE: NodeJS.Timeout | undefined;
  let timerF: NodeJS.Timeout | undefined;
  let timerAmbiguous: NodeJS.Timeout | undefined;

  function end(outcome?: Outcome): void {
    if (isOver) return;
    isOver = true;
    for (const timer of [timerE, timerF, timerAmbiguous]) clearTimeout(timer);
    if (outcome) onOutcome(outcome);
  }
  function endAnswered({ code, reason, at }: Omit<AmbiguousResponse, 'copy'>, copy: number): void {
    end({
      kind: 'answered',
      code,
      reason,
      latencyMs: at - sentAt[copy - 1]!,
      sent: sentAt.length,
      lost: copy - 1,
    });
  }
  function endWithLastCopy(response: AmbiguousResponse): void {
    endAnswered(response, sentAt.length);
  }

  function sendCopy(): void {
    sentAt.push(performance.now());
    if (!reliable) timerE = setTimeout(onTimerE, intervalMs);
    try {
      send(sentAt.length);
    } catch (error) {
      end({ kind: 'failed', error, sent: sentAt.length });
    }
  }
  function onTimerE(): void {
    intervalMs = hasProvisional ? T2_MS : Math.min(intervalMs * 2, T2_MS);
    sendCopy();
  }

  function timeOut(): void {
    if (ambiguous) endWithLastCopy(ambiguous);
    else end({ kind: 'timeout', after: hasProvisional ? 'provisional' : 'nothing', sent: sentAt.length });
  }
  function onTimerF(): void {
    clearTimeout(timerE);
    const wasBlocked = performance.now() - dueAt > TIMER_DELAY_TOLERANCE_MS;
    timerF = setTimeout(timeOut, wasBlocked ? LATE_READ_TIMEOUT_MS : 0);
  }

  function awaitSecondResponse(response: AmbiguousResponse): void {
    ambiguous = response;
    clearTimeout(timerE);
    const waitMs = 1.5 * (sentAt.at(-1)! - sentAt[response.copy - 1]!);
    timerAmbiguous = setTimeout(() => endWithLastCopy(response), waitMs);
  }

  timerF = setTimeout(onTimerF, timerFMs);
  sendCopy();

  return {
    receive({ code, reason }, namedCopy) {
      if (isOver) return;
      if (code < 200) {
        hasProvisional = true;
        return;
      }
      if (ambiguous) return endAnswered(ambiguous, ambiguous.copy);
      const last = sentAt.length;
      const copy = namedCopy !== null && namedCopy >= 1 && namedCopy <= last ? namedCopy : last;
      const response = { code, reason, copy, at: performance.now() };
      // After a provisional response the server sends the final one unprompted, for the copy that it names.
      if (copy === last || hasProvisional) endAnswered(response, copy);
      else awaitSecondResponse(response);
    },
    fail: (error) => end({ kind: 'failed', error, sent: sentAt.length }),
    cancel: () => end(),
  };
}
