/**
 * Returns the outcome of `work`, or rejects after `timeoutMs`. `what` names the work in the error message.
 * The work itself is not canceled; its late outcome is ignored.
 */
export async function withTimeout<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([work, timedOut]).finally(() => clearTimeout(timer));
}
