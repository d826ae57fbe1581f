import { randomBytes } from 'node:crypto';

export interface ApiClient {
  token: string;
  /** Resolves with the parsed JSON response. @throws Error with status and text if it is not 2xx */
  send: (path: string, init?: RequestInit) => Promise<Record<string, unknown>>;
}

function jsonHeaders(token: string | null) {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

async function call(
  url: string,
  token: string | null,
  init: RequestInit = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(url, { ...init, headers: jsonHeaders(token) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Registers the first admin of a stack and returns a client signed in as it. */
export async function signUpAdmin(baseUrl: string): Promise<ApiClient> {
  const password = randomBytes(12).toString('base64url');
  function post(path: string, body: unknown) {
    return call(baseUrl + path, null, { method: 'POST', body: JSON.stringify(body) });
  }
  await post('/auth/register', { username: 'admin', email: 'admin@example.com', password, role: 'admin' });
  const { data } = (await post('/auth/login', { username: 'admin', password })) as {
    data: { token: string };
  };
  return { token: data.token, send: (path, init) => call(baseUrl + path, data.token, init) };
}
