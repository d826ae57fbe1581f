/** Closes within so many milliseconds. */
export type Close = (within: number) => Promise<unknown>;

/** What was opened, to be closed from the last to the first; one that fails does not keep the others open. */
export function createCloseStack(onError: (error: unknown) => void) {
  const opened: { close: Close; reserve: number }[] = [];
  return {
    /** `reserve`: how many of the milliseconds left are not for it, but for what follows it (or for its own last resort). */
    add: (close: Close, reserve = 0): void => void opened.push({ close, reserve }),
    async close(within: number): Promise<void> {
      const deadline = Date.now() + within;
      for (const { close, reserve } of opened.toReversed()) {
        await close(Math.max(0, deadline - Date.now() - reserve)).catch(onError);
      }
    },
  };
}
