import { jsonText } from '../../core/values/written-json.js';

/** An answer that nobody keeps. @param document a member of it may be a `WrittenJson` */
export function json(
  status: number,
  document: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${jsonText(document)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}
