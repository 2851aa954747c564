import { z } from 'zod';
import { type Authenticator, type Identity, KeysUnavailable, Unauthenticated } from '../auth/identity.js';
import { cookieOf, forgottenCookie, identifyBy } from '../auth/sign-in.js';
import type { Api, Asked } from '../http/api.js';
import { json } from './json.js';

const MOST_CHARACTERS = 16_384;

const SESSION = z
  .object({
    user: z.string().nullable().describe('who is signed in; null for nobody'),
    roles: z.array(z.enum(['user', 'viewer', 'operator'])),
    signIn: z
      .enum(['token', 'name', 'proxy'])
      .describe('how one signs in: with a token, with a name alone, or by the proxy in front'),
    suggested: z.string().nullable().describe('a name to sign in with, where a name is enough'),
  })
  .meta({ id: 'Session' });

export interface SessionDeps {
  readonly authenticator: Authenticator;
  /** Who has started the server. */
  readonly suggested: string;
}

/** `/v1/session`: a person signs in, in a browser, which keeps the token in a cookie that no script can read. */
export function addSessionRoutes(api: Api, { authenticator, suggested }: SessionDeps): void {
  const { signIn } = authenticator;
  const view = (identity: Identity | undefined) => ({
    user: identity?.user ?? null,
    roles: [...(identity?.roles ?? [])],
    signIn,
    suggested: signIn === 'name' ? suggested : null,
  });

  api.add(
    {
      id: 'getSession',
      method: 'get',
      path: '/v1/session',
      tag: 'page',
      role: 'anyone',
      summary: 'Who is signed in.',
      answers: { 200: { description: 'whoever asks, or nobody', schema: SESSION } },
    },
    async ({ identifyAgain }) => json(200, view(await known(identifyAgain))),
  );

  api.add(
    {
      id: 'signIn',
      method: 'post',
      path: '/v1/session',
      tag: 'page',
      role: 'anyone',
      summary: 'Sign in: a browser keeps the token in a cookie that no script can read.',
      body: z.strictObject({
        secret: z.string().min(1).max(MOST_CHARACTERS).describe('the token, or the name'),
      }),
      answers: {
        200: { description: 'signed in', schema: SESSION, headers: { 'Set-Cookie': 'what is kept' } },
        401: { description: 'nobody is let in by it' },
      },
    },
    async ({ asking, body: { secret }, request }) => {
      const identity = await identifyBy(authenticator, asking, secret);
      const headers = signIn === 'proxy' ? {} : { 'set-cookie': cookieOf(request, asking, secret) };
      return json(200, view(identity), headers);
    },
  );

  api.add(
    {
      id: 'signOut',
      method: 'delete',
      path: '/v1/session',
      tag: 'page',
      role: 'anyone',
      summary: 'Sign out: the browser forgets the token.',
      answers: { 204: { description: 'forgotten' } },
    },
    async ({ asking, request }: Asked<undefined, undefined>) =>
      new Response(null, { status: 204, headers: { 'set-cookie': forgottenCookie(request, asking) } }),
  );
}

/** Undefined for nobody. @throws KeysUnavailable where that cannot be said now */
async function known(identify: () => Promise<Identity>): Promise<Identity | undefined> {
  try {
    return await identify();
  } catch (error) {
    if (error instanceof Unauthenticated && !(error instanceof KeysUnavailable)) return undefined;
    throw error;
  }
}
