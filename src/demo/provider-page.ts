const style = `
:root { color-scheme: light dark; --ink: #161616; --soft: #555; --ground: #f6f6f6; --sheet: #fff; --line: #cecece; --accent: #000091; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f2f2; --soft: #bbb; --ground: #161616; --sheet: #222; --line: #4a4a4a; --accent: #a8a8ff; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.5rem; color: var(--soft); }
ul { list-style: none; margin: 0 0 1.5rem; padding: 0; display: grid; gap: .75rem; }
button { width: 100%; padding: .875rem 1rem; border: 1px solid var(--line); border-radius: .375rem; background: transparent; color: inherit; font: inherit; text-align: left; cursor: pointer; }
button:hover { border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button strong, button span { display: block; overflow-wrap: anywhere; }
button span { color: var(--soft); font-size: .875rem; }
button.refuse { width: auto; color: var(--accent); border-color: var(--accent); }
dl { margin: 0; }
dt { font-weight: 600; }
dd { margin: 0 0 .75rem; overflow-wrap: anywhere; }
`;

/** Forms are left out on purpose: `form-action` would also forbid the redirection back to the application. */
export const pageSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** What the page says of a person that one may sign in as. */
export interface PageEntry {
  id: string;
  name: string;
  details: string[];
}

/** The page on which one chooses whom to sign in as. */
export function chooserPage(clientId: string, entries: PageEntry[]): string {
  const buttons = entries.map(
    (entry) =>
      `<li><button name="person" value="${escapeHtml(entry.id)}"><strong>${escapeHtml(entry.name)}</strong>` +
      `${entry.details.map((detail) => `<span>${escapeHtml(detail)}</span>`).join('')}</button></li>`,
  );
  return page(
    'Sign in',
    `<p>This local provider stands in for ProConnect. Choose who signs in to <strong>${escapeHtml(clientId)}</strong>.</p>
<form method="post">
<ul aria-label="People">${buttons.join('\n')}</ul>
<button class="refuse" name="refuse" value="yes">Refuse</button>
</form>`,
  );
}

/** A page that says something and offers nothing to do, such as an error. */
export function messagePage(title: string, message: string, details: Record<string, unknown> = {}): string {
  const rows = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(String(value))}</dd>`);
  return page(title, `<p>${escapeHtml(message)}</p>${rows.length > 0 ? `<dl>${rows.join('')}</dl>` : ''}`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Local provider</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
