import { createHmac } from 'node:crypto';

/**
 * The X-OrionTel-Signature of a body: `t=<Unix seconds>,v1=<hex>`, the HMAC-SHA-256 (RFC 2104) of
 * `<t>.<body>`. The signed time lets a receiver refuse replayed requests.
 */
export function signBody(body: Buffer, secret: string, time: Date): string {
  const t = Math.floor(time.getTime() / 1000);
  const v1 = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
  return `t=${t},v1=${v1}`;
}
