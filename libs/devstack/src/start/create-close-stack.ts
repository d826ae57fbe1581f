/** Closes a resource within `timeoutMs`. */
export type Close = (timeoutMs: number) => Promise<unknown>;

export type CloseStack = {
  /** `reserveMs`: the part of the remaining time that `close` does not get, because later closes need it. */
  add: (close: Close, reserveMs?: number) => void;
  /** Closes the resources in reverse order. A failure is reported and does not stop the others. */
  close: (timeoutMs: number) => Promise<void>;
};

export function createCloseStack(onError: (error: unknown) => void): CloseStack {
  const resources: { close: Close; reserveMs: number }[] = [];
  return {
    add: (close, reserveMs = 0) => void resources.push({ close, reserveMs }),
    async close(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (const { close, reserveMs } of resources.toReversed()) {
        await close(Math.max(0, deadline - Date.now() - reserveMs)).catch(onError);
      }
    },
  };
}
