import { expect } from 'vitest';
import { RawHttp } from './raw-http.js';
import type { Serving } from './serving.js';

/** A line that is a task. */
export const NOOP_LINE = '{"task":"noop"}\n';
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** What a batch answers to a line. */
export interface LineAnswer {
  readonly line: number;
  readonly id?: string;
  readonly user?: string;
  readonly problem?: { readonly type: string; readonly status: number; readonly detail?: string };
}

export function answersIn(text: string): LineAnswer[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LineAnswer]));
}

/** Sends a batch as a user, and reads all answers. */
export async function sendBatch(
  serving: Pick<Serving, 'url'>,
  user: string,
  body: string | ReadableStream<Uint8Array>,
): Promise<LineAnswer[]> {
  const response = await fetch(`${serving.url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { ...NDJSON, 'x-fairq-user': user },
    body,
    duplex: 'half',
  } as RequestInit);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, NDJSON['content-type']]);
  return answersIn(await response.text());
}

/** A batch on a connection of its own, in chunks. */
export async function openBatch(url: string, user: string): Promise<RawHttp> {
  const raw = await RawHttp.to(url);
  return raw.head(
    'POST /v1/tasks/batch HTTP/1.1',
    'Host: localhost',
    `X-Fairq-User: ${user}`,
    `Content-Type: ${NDJSON['content-type']}`,
    'Transfer-Encoding: chunked',
  );
}

/** The line's number, and what it was answered with, in short. */
export function lineSlug({ line, id, problem }: LineAnswer): [number, string] {
  return [line, problem === undefined ? typeof id : problem.type.replace('urn:fairq:problem:', '')];
}
