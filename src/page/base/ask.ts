/** What the server says where it does not do what was asked: problem details of RFC 9457. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    /** What happened, in a word that stays the same; `unreachable` where no server has answered. */
    readonly slug: string,
    readonly title: string,
    readonly detail: string | undefined,
  ) {
    super(detail ?? title);
  }
}

/** The window hears of it when the server does not know any more who asks. */
export const SIGNED_OUT = 'fairq-signed-out';

const TYPE = 'urn:fairq:problem:';

export interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer<T> {
  readonly value: T;
  readonly headers: Headers;
}

/**
 * Asks the server for a JSON document.
 *
 * @param path without a slash at its start: the page may stand under another path, behind a proxy
 * @throws Refused
 */
export async function ask<T>(path: string, options: AskOptions = {}): Promise<T> {
  return (await askWhole<T>(path, options)).value;
}

/** The same with the headers of the answer. @throws Refused */
export async function askWhole<T>(path: string, options: AskOptions = {}): Promise<Answer<T>> {
  const { method = 'GET', body, headers = {}, signal } = options;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, 'unreachable', 'The server does not answer', undefined);
  }
  const text = await response.text();
  if (response.status === 401 && path !== 'v1/session') dispatchEvent(new Event(SIGNED_OUT));
  if (!response.ok) throw refusedBy(response.status, text);
  return { value: (text === '' ? undefined : documentIn(text)) as T, headers: response.headers };
}

/** A proxy in front may answer with a page of its own, such as one to sign in. */
function documentIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const detail = 'A proxy in front of it may want you to sign in: load this page again.';
    throw new Refused(0, 'foreign-answer', 'Something else has answered in place of the server', detail);
  }
}

function refusedBy(status: number, text: string): Refused {
  let said: { readonly type?: string; readonly title?: string; readonly detail?: string };
  try {
    said = JSON.parse(text);
  } catch {
    said = {}; // something between this page and the server has answered
  }
  const slug = (said.type ?? '').replace(TYPE, '') || `http-${status}`;
  return new Refused(status, slug, said.title ?? `The answer was ${status}`, said.detail);
}

/** Of a user or a run, as a part of a path. */
export function inPath(name: string): string {
  return encodeURIComponent(name);
}
