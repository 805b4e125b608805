/**
 * A page of ours in a few words: for what a browser is shown outside the console. Everything in it is escaped, but for
 * `form`, which is markup.
 */
export function messagePage(page: {
  title: string;
  message: string;
  code?: string;
  action?: { href: string; label: string };
  form?: string;
}): string {
  const { title, message, code, action, form = '' } = page;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Vestibule</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="stylesheet" href="/assets/vestibule.css">
</head>
<body class="message">
<main>
<p class="brand">Vestibule</p>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>
${code ? `<p class="code">${escapeHtml(code)}</p>` : ''}
${form}
${action ? `<p><a class="button" href="${escapeHtml(action.href)}">${escapeHtml(action.label)}</a></p>` : ''}
</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
