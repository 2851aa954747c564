import type { Api } from '../http/api.js';
import { Problem } from '../http/problem.js';
import { isPageFile, type PageFile, type PageFiles } from '../page-files.js';

/** Nothing of it comes from elsewhere, and nobody else frames it. */
export const PAGE_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The page in a browser, at `/`. What it shows it asks the API for. */
export function addPageRoutes(api: Api, files: PageFiles): void {
  const content = {
    200: { description: 'a file of the page', type: '*/*' },
    304: { description: 'the same' },
  };

  api.add(
    {
      id: 'page',
      method: 'get',
      path: '/',
      tag: 'page',
      role: 'anyone',
      summary: 'The page on which one looks on, and acts.',
      answers: { 200: { description: 'the page', type: 'text/html' }, 304: { description: 'the same' } },
    },
    async ({ request }) => fileAnswer(files['page.html'], request),
  );

  api.add(
    {
      id: 'pageFile',
      method: 'get',
      path: '/page/{file}',
      tag: 'page',
      role: 'anyone',
      summary: 'What the page loads: its script and its style.',
      answers: { ...content, 404: { description: 'there is no such file' } },
    },
    async ({ params: { file = '' }, request }) => {
      if (isPageFile(file)) return fileAnswer(files[file], request);
      throw new Problem(404, 'no-such-path', 'There is nothing here', 'The page has no such file.');
    },
  );
}

function fileAnswer({ type, content, packed, etag }: PageFile, request: Request): Response {
  const headers = {
    etag,
    'content-type': type,
    'cache-control': 'no-cache', // it is asked for again, and is mostly the same
    'content-security-policy': PAGE_POLICY,
    'referrer-policy': 'no-referrer',
    vary: 'accept-encoding',
  };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const takesPacked = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  return takesPacked
    ? new Response(new Uint8Array(packed), { headers: { ...headers, 'content-encoding': 'gzip' } })
    : new Response(new Uint8Array(content), { headers });
}
