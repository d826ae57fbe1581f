import { BOARD_PATH } from './session-cookie.ts';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 20rem; margin: 15vh auto; padding: 0 1rem }
  label, input, button { display: block; width: 100%; box-sizing: border-box }
  input, button { font: inherit; padding: .4rem; margin: .2rem 0 1rem }
  [role=alert] { color: #b00020 }`;

function renderPage(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
${body}
</html>
`;
}

/** `error`: why the last attempt failed. */
export function signInPage(error?: string): string {
  return renderPage(
    'OrionTel queues',
    `${error === undefined ? '' : `<p role="alert">${escapeHtml(error)}</p>`}
<form method="post" action="${BOARD_PATH}/sign-in">
<label for="username">Username</label>
<input id="username" name="username" autocomplete="username" maxlength="254" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password"
  autocomplete="current-password" maxlength="1024" required>
<button>Sign in</button>
</form>`,
  );
}

export const signOutPage = renderPage(
  'Sign out of the queue board',
  `<form method="post" action="${BOARD_PATH}/sign-out"><button>Sign out</button></form>
<p><a href="${BOARD_PATH}">Back to the queue board</a></p>`,
);

const HTML_ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => HTML_ENTITIES[character]!);
}
