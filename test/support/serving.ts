import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll } from 'vitest';
import { hashOf, newToken } from '../../src/serve/auth/tokens/token.js';
import { FairqHere, type Running, RunningFairq } from './fairq.js';
import type { TestFolder } from './folder.js';

/** `fairq serve`, for a test file. */
export interface Serving<P extends Running = Running> {
  readonly url: string;
  readonly process: P;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The document, where the body is one. */
  readonly json: Record<string, unknown>;
}

/** In this process. */
export function startServing(
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<Serving> {
  return answering(new FairqHere(argsOf(flags), env));
}

/** In a process of its own, for what a process is needed for: a kill, limits, its memory. */
export function startServingApart(
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<Serving<RunningFairq>> {
  return answering(new RunningFairq(argsOf(flags), env));
}

function argsOf(flags: readonly string[]): string[] {
  return ['serve', '--port', '0', ...flags];
}

async function answering<P extends Running>(process: P): Promise<Serving<P>> {
  await process.says(/answers on https?:\S+/);
  const url = /answers on (https?:\/\/[^\s;]+)/.exec(process.stderr)![1]!;
  return { url, process };
}

/** A server that is there for all tests of a file, with nobody asked who they are unless flags say otherwise. */
export function useServing(env: Readonly<Record<string, string>>, ...flags: readonly string[]): Serving {
  return useStarted(() => startServing(env, ...flags));
}

/** One where everybody needs a token, with the header of each role. */
export function useGuardedServing(
  env: Readonly<Record<string, string>>,
  folder: TestFolder,
): { readonly server: Serving; readonly as: RoleHeaders } {
  const { as, lines } = tokensByRole();
  const server = useStarted(async () => {
    const file = folder.file('tokens');
    await writeFile(file, lines, { mode: 0o600 });
    return startServing(env, '--auth', 'tokens', '--tokens-file', file);
  });
  return { server, as };
}

function useStarted(start: () => Promise<Serving>): Serving {
  let serving: Serving;
  beforeAll(async () => {
    serving = await start();
  });
  afterAll(async () => {
    serving.process.signal('SIGTERM');
    await serving.process.ended;
  });
  return {
    get url() {
      return serving.url;
    },
    get process() {
      return serving.process;
    },
  };
}

/** A worker with `HANDLERS` that is there for all tests of a file. */
export function useServedWorker(
  env: Readonly<Record<string, string>>,
  folder: TestFolder,
  ...flags: readonly string[]
): void {
  let worker: RunningFairq;
  beforeAll(async () => {
    const module = folder.file('handlers.mjs');
    await writeFile(module, HANDLERS);
    worker = new RunningFairq(['worker', '--handler', module, ...flags], env);
    await worker.says(/ready/);
  });
  afterAll(async () => {
    worker.signal('SIGTERM');
    await worker.ended;
  });
}

export interface Request {
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document is sent as JSON, a text as it is. */
  readonly body?: object | string;
  readonly method?: string;
  readonly signal?: AbortSignal;
}

export async function ask(
  serving: Pick<Serving, 'url'>,
  path: string,
  { user, headers = {}, body, method = body === undefined ? 'GET' : 'POST', signal }: Request = {},
): Promise<HttpAnswer> {
  const response = await fetch(serving.url + path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(user !== undefined && { 'x-fairq-user': user }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json = isJson && !/ndjson/.test(response.headers.get('content-type')!) ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, json };
}

/** Of an answer that refuses: its status, and the problem by its short name. */
export function slug({ status, json }: HttpAnswer): string {
  return `${status} ${String(json.type).replace('urn:fairq:problem:', '')}`;
}

/** Sends a task and returns its id. */
export async function sendTask(
  serving: Pick<Serving, 'url'>,
  user: string,
  task: string,
  payload?: unknown,
): Promise<string> {
  const { status, json, text } = await ask(serving, '/v1/tasks', { user, body: { task, payload } });
  if (status !== 202) throw new Error(`POST /v1/tasks was answered with ${status}: ${text}`);
  return String(json.id);
}

/** The header that says who asks, by role: whose user is named as the role. */
export type RoleHeaders = Readonly<Record<'user' | 'viewer' | 'operator', Record<string, string>>>;

/** Writes a file for `--tokens-file` with a token for each role. */
export async function writeTokens(file: string): Promise<RoleHeaders> {
  const { as, lines } = tokensByRole();
  await writeFile(file, lines, { mode: 0o600 });
  return as;
}

function tokensByRole(): { readonly as: RoleHeaders; readonly lines: string } {
  const tokens = { user: newToken(), viewer: newToken(), operator: newToken() };
  const lines = Object.entries(tokens).map(([role, token]) =>
    JSON.stringify({ user: role, roles: [role], sha256: hashOf(token).toString('hex') }),
  );
  const headerOf = (token: string) => ({ authorization: `Bearer ${token}` });
  const as = {
    user: headerOf(tokens.user),
    viewer: headerOf(tokens.viewer),
    operator: headerOf(tokens.operator),
  };
  return { as, lines: `${lines.join('\n')}\n` };
}

/** A module of handlers: `until` a file is there, `echo`, and `fails` with what it is given. */
export const HANDLERS = `
import { setTimeout as delay } from 'node:timers/promises';
import { existsSync } from 'node:fs';
export async function until(file) { while (!existsSync(file)) await delay(20); return 'opened'; }
export function echo(payload) { return payload; }
export function fails(reason) { throw new Error(reason ?? 'it cannot'); }
`;
