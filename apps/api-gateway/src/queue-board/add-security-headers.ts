import type { HttpServer } from '@oriontel/service';

/** No resources of other origins and no inline scripts; some styles of the board are inline. */
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

/** Adds the headers to all responses of this scope, including errors. */
export function addSecurityHeaders(app: HttpServer): void {
  app.addHook('onSend', async ({ routeOptions }, reply) => {
    void reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('x-content-type-options', 'nosniff')
      // Not no-referrer: then a browser would send forms with `Origin: null`.
      .header('referrer-policy', 'same-origin');
    if (!routeOptions.url?.endsWith('/static/*')) void reply.header('cache-control', 'no-store');
    // With Basic, a browser would show its password dialog.
    if (reply.statusCode === 401) void reply.header('www-authenticate', 'Bearer realm="OrionTel"');
  });
}
