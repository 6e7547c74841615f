import type { IncomingMessage, ServerResponse } from 'node:http';

/** What an error page says. */
export interface PageError {
  readonly status: number;
  /** The webtask's name. */
  readonly name: string;
  /** What went wrong. */
  readonly title: string;
  /** The stack, or whatever else is known. */
  readonly details: string;
}

/** Whether whoever asks would rather look at a page than read JSON. */
export function wantsPage(req: IncomingMessage): boolean {
  return req.method !== 'HEAD' && req.headers.accept?.includes('text/html') === true;
}

/** Answers with an error as a page that a person can read. */
export function sendErrorPage(error: PageError, source: string, res: ServerResponse): void {
  res.writeHead(error.status, { 'Content-Type': 'text/html; charset=utf-8', 'x-wt-response-source': source });
  res.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(error.title)}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 3rem auto; padding: 0 1.5rem; }
  h1 { font-size: 1.4rem; border-left: .3rem solid #c33; padding-left: .8rem; }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid #8886; border-radius: .4rem; font-size: .85rem; }
  p { color: #888; }
</style>
<h1>${escapeHtml(error.title)}</h1>
${error.details === '' ? '' : `<pre>${escapeHtml(error.details)}</pre>`}
<p>${escapeHtml(error.name)} answered ${error.status}. Save the change, then reload this page.</p>
</html>
`);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
