import { Hono } from 'hono';
import type { z } from 'zod';
import type { Asking, Identity, Role } from '../auth/identity.js';
import { type BodyLimits, parseJson, readText } from './body.js';
import { checked } from './checked.js';
import { type Cors, isPreflight } from './cors.js';
import { Paths } from './paths.js';
import { Problem } from './problem.js';

/** What an operation may answer, for the OpenAPI document. */
export interface Answer {
  readonly description: string;
  /** Undefined: no body, or one that is described by `type` alone. */
  readonly schema?: z.ZodType;
  /** `application/json` where nothing else is said. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation<Query, Body> {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it: `/v1/tasks/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Who may; `anyone`: nobody is asked who they are. */
  readonly role: Role | 'anyone';
  readonly query?: z.ZodType<Query>;
  /** Headers that it takes, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a JSON body, which is read whole. */
  readonly body?: z.ZodType<Body>;
  /** Of another body, which the handler reads. */
  readonly bodyType?: string;
  readonly answers: Readonly<Record<number, Answer>>;
}

/** A request, checked. */
export interface Asked<Query, Body> {
  /** Of `anyone` there is none to speak of. */
  readonly identity: Identity;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The body as it was written; empty where there is none. */
  readonly text: string;
  readonly request: Request;
  readonly asking: Asking;
  /** Who asks, asked again: a token may have been taken back meanwhile. @throws Unauthenticated */
  identifyAgain(): Promise<Identity>;
}

export type Handler<Query, Body> = (asked: Asked<Query, Body>) => Promise<Response>;

export interface ApiDeps {
  /** @throws Problem for a request that is not to be answered, whoever asks */
  readonly check: (request: Request) => void;
  /** Which pages may read answers. */
  readonly cors: Cors;
  readonly identify: (asking: Asking) => Promise<Identity>;
  readonly limits: BodyLimits;
  /** Called for each answer. @param path of the operation; empty where there is none */
  readonly onAnswered: (path: string, status: number, seconds: number) => void;
  readonly problemOf: (error: unknown) => Problem;
}

const NOBODY: Identity = { user: '', roles: new Set() };

/** The operations of the server: each is checked by what is said of it, and described by the same. */
export class Api {
  readonly operations: Operation<unknown, unknown>[] = [];
  readonly #app = new Hono<{ Bindings: { readonly asking: Asking } }>();
  readonly #paths = new Paths();

  constructor(private readonly deps: ApiDeps) {
    this.#app.notFound((c) => this.#unanswered(c.req.raw, c.req.path));
  }

  add<Query = undefined, Body = undefined>(
    operation: Operation<Query, Body>,
    handle: Handler<Query, Body>,
  ): void {
    this.operations.push(operation as Operation<unknown, unknown>);
    const { path, suffix } = honoPath(operation.path);
    const method = operation.method.toUpperCase();
    this.#paths.add(operation.path, method);
    this.#app.on(method, path, async (c) => {
      const begun = performance.now();
      const response = await this.#answer(operation, handle, c.req.raw, c.env.asking, () =>
        Object.fromEntries(
          Object.entries(c.req.param()).map(([name, value]) => [name, withoutSuffix(String(value), suffix)]),
        ),
      );
      this.deps.onAnswered(operation.path, response.status, (performance.now() - begun) / 1000);
      // The answer to HEAD is that to GET without its body, which nobody would read to its end.
      if (c.req.raw.method === 'HEAD') response.body?.cancel().catch(() => {});
      return response;
    });
  }

  async fetch(request: Request, asking: Asking): Promise<Response> {
    const response = await this.#checkedAnswer(request, asking);
    response.headers.set('x-content-type-options', 'nosniff');
    this.deps.cors.mark(request, response);
    return response;
  }

  async #checkedAnswer(request: Request, asking: Asking): Promise<Response> {
    try {
      this.deps.check(request);
      return await this.#app.fetch(request, { asking });
    } catch (error) {
      return this.deps.problemOf(error).response();
    }
  }

  /** There is no such operation. */
  #unanswered(request: Request, path: string): Response {
    const { cors } = this.deps;
    const methods = this.#paths.methodsOf(path);
    const shown = `${request.method} ${path}`.slice(0, 300);
    if (methods.length === 0) {
      const detail = `There is no ${shown}. GET /openapi.json lists what there is.`;
      return new Problem(404, 'no-such-path', 'There is nothing here', detail).response();
    }
    const headers = { allow: methods.join(', ') };
    if (request.method === 'OPTIONS') {
      const isAllowed = isPreflight(request) && cors.originOf(request) !== undefined;
      const permission = isAllowed ? cors.permission(methods) : {};
      return new Response(null, { status: 204, headers: { ...headers, ...permission } });
    }
    const detail = `There is no ${shown}; there is ${methods.join(', ')}.`;
    return new Problem(405, 'no-such-method', 'That cannot be done here', detail, { headers }).response();
  }

  async #answer<Query, Body>(
    operation: Operation<Query, Body>,
    handle: Handler<Query, Body>,
    request: Request,
    asking: Asking,
    params: () => Record<string, string>,
  ): Promise<Response> {
    try {
      const identity = operation.role === 'anyone' ? NOBODY : await this.deps.identify(asking);
      if (operation.role !== 'anyone' && !identity.roles.has(operation.role)) throw forbidden(operation.role);
      const query = (
        operation.query === undefined ? undefined : checked(operation.query, queryOf(request), 'query')
      ) as Query;
      const text = operation.body === undefined ? '' : await readText(request, this.deps.limits);
      const body = (
        operation.body === undefined ? undefined : checked(operation.body, parseJson(request, text), 'body')
      ) as Body;
      const identifyAgain = () => this.deps.identify(asking);
      return await handle({ identity, params: params(), query, body, text, request, asking, identifyAgain });
    } catch (error) {
      return this.deps.problemOf(error).response();
    }
  }
}

function forbidden(role: Role): Problem {
  return new Problem(403, 'forbidden', 'Whoever asks may not do this', `It takes the role "${role}".`);
}

function queryOf(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url).searchParams);
}

/** hono takes a whole part of a path alone for a parameter: `{user}:purge` is one with an end that is cut off. */
function honoPath(path: string): { path: string; suffix: string } {
  const suffix = /\{\w+\}(:\w+)$/.exec(path)?.[1] ?? '';
  const plain = suffix === '' ? path : path.slice(0, -suffix.length);
  const converted = plain.replace(/\{(\w+)\}/g, ':$1');
  return { path: suffix === '' ? converted : `${converted}{[^/]+${suffix}}`, suffix };
}

function withoutSuffix(value: string, suffix: string): string {
  return suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;
}
