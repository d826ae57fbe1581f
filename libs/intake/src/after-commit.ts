import { withTimeout } from '@oriontel/contracts';

export interface AfterCommitOptions {
  timeoutMs: number;
  onError: (error: unknown) => void;
}

/**
 * Runs what follows the commit of a request, such as waiting for the workers. Resolves with null if it
 * rejects or takes longer than `timeoutMs`: an error response would make the client send again what is
 * accepted.
 */
export async function afterCommit<T>(
  { timeoutMs, onError }: AfterCommitOptions,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await withTimeout(timeoutMs, 'work after the commit', work());
  } catch (error) {
    onError(error);
    return null;
  }
}
