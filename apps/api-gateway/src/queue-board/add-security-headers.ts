import type { HttpServer } from '@oriontel/service';

/** Nothing of others and no inline script; the board's own styles are partly inline. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers for everything of this scope, its errors included. */
export function addSecurityHeaders(app: HttpServer): void {
  app.addHook('onSend', async ({ routeOptions }, reply) => {
    void reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('x-content-type-options', 'nosniff')
      // Not no-referrer: then a browser would send forms with `Origin: null`.
      .header('referrer-policy', 'same-origin');
    if (!routeOptions.url?.endsWith('/static/*')) void reply.header('cache-control', 'no-store');
    // Named Basic, a browser would ask for a password that is of no use here.
    if (reply.statusCode === 401) void reply.header('www-authenticate', 'Bearer realm="OrionTel"');
  });
}
