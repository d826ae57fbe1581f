/**
 * Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date); 0 without a valid one.
 */
export function retryAfterSeconds(header: string | undefined, now: Date): number {
  if (!header) return 0;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000;
  return Math.max(0, seconds || 0);
}
