import { describe, expect, it } from 'vitest';
import { fairqJson } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, slug, useGuardedServing, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { server, as } = useGuardedServing(vhost.env, folder);
const open = useServing(vhost.env, '--auth', 'none');
const bare = useServing(vhost.env, '--auth', 'none', '--no-page');

const tokenOf = (role: 'viewer' | 'operator') => as[role].authorization!.replace('Bearer ', '');

async function signIn(serving: { readonly url: string }, secret: string) {
  const answer = await ask(serving, '/v1/session', { body: { secret } });
  const header = answer.headers.get('set-cookie') ?? '';
  return { answer, header, cookie: header.split(';')[0]! };
}

describe('a person who signs in with a token', () => {
  it('is known by a cookie from then on, which no script reads and no other site sends', async () => {
    const { answer, header, cookie } = await signIn(server, tokenOf('viewer'));
    expect(answer.json).toMatchObject({ user: 'viewer', roles: ['user', 'viewer'], signIn: 'token' });
    expect(header).toContain('; HttpOnly; SameSite=Strict');
    expect(header).not.toContain('Secure');
    expect(cookie).not.toContain(tokenOf('viewer'));
    expect((await ask(server, '/v1/session', { headers: { cookie } })).json).toMatchObject({
      user: 'viewer',
    });
    expect((await ask(server, '/v1/users', { headers: { cookie } })).status).toBe(200);
    expect(slug(await ask(server, '/v1/dead:discard', { headers: { cookie }, body: { all: true } }))).toBe(
      '403 forbidden',
    );
  });

  it('may not have its cookie used by a page of another origin', async () => {
    const { cookie } = await signIn(server, tokenOf('operator'));
    const headers = { cookie, origin: 'https://elsewhere.example' };
    expect(slug(await ask(server, '/v1/policy/users/A:pause', { headers, body: {} }))).toBe(
      '403 foreign-origin',
    );
  });

  it('is told where the token is not known, and keeps none', async () => {
    const { answer, header } = await signIn(server, 'fairq_unknown');
    expect(slug(answer)).toBe('401 unauthenticated');
    expect(header).toBe('');
    expect((await ask(server, '/v1/session')).json).toMatchObject({ user: null, roles: [], suggested: null });
  });

  it('is told where no browser would keep the token', async () => {
    expect(slug((await signIn(server, 'x'.repeat(3_000))).answer)).toBe('401 unauthenticated');
  });

  it('counts for less than a header of the request itself', async () => {
    const { cookie } = await signIn(server, tokenOf('operator'));
    const { json } = await ask(server, '/v1/session', { headers: { cookie, ...as.user } });
    expect(json).toMatchObject({ user: 'user' });
  });

  it('has a secure cookie behind a proxy that speaks HTTPS', async () => {
    const { headers } = await ask(server, '/v1/session', {
      headers: { 'x-forwarded-proto': 'https' },
      body: { secret: tokenOf('viewer') },
    });
    expect(headers.get('set-cookie')).toContain('; Secure');
  });

  it('is forgotten when it signs out', async () => {
    const { cookie } = await signIn(server, tokenOf('viewer'));
    const { status, headers } = await ask(server, '/v1/session', { method: 'DELETE', headers: { cookie } });
    expect(status).toBe(204);
    expect(headers.get('set-cookie')).toMatch(/^fairq-\d+=; Path=\/; Max-Age=0/);
  });
});

describe('where nobody is asked who they are', () => {
  it('a name is enough, in any letters', async () => {
    const { answer, cookie } = await signIn(open, 'Zoë/夜');
    expect(answer.json).toMatchObject({
      user: 'Zoë/夜',
      roles: ['user', 'operator', 'viewer'],
      signIn: 'name',
    });
    expect(answer.json.suggested).not.toBe('');
    expect((await ask(open, '/v1/me', { headers: { cookie } })).json).toMatchObject({ user: 'Zoë/夜' });
  });
});

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page/page.js', 'text/javascript; charset=utf-8'],
    ['/page/page.css', 'text/css; charset=utf-8'],
    ['/page/icon.svg', 'image/svg+xml'],
  ])('has %s, for anybody, and lets a browser keep it', async (path, type) => {
    const { status, headers } = await ask(server, path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; .*frame-ancestors 'none'$/);
    const again = await ask(server, path, { headers: { 'if-none-match': headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it('has no other files', async () => {
    for (const path of ['/page/page.ts', '/page/..%2fpage.js', '/page/__proto__', '/page/']) {
      expect((await ask(server, path)).status).toBe(404);
    }
  });

  it('is switched off by --no-page, with its sign-in', async () => {
    for (const path of ['/', '/page/page.js', '/v1/session']) {
      expect(slug(await ask(bare, path))).toBe('404 no-such-path');
    }
  });
});

describe('GET /v1/live', () => {
  it('tells everybody who looks on the same, again and again', async () => {
    await fairqJson(vhost.env, 'publish', '--user', 'A', '--count', '7');
    // A look may be of the moment before the queue was listed with its tasks.
    const hasAll = ({ totals }: Look) => totals.backlog === 7;
    const [one, next] = await looks(2, hasAll);
    expect(one).toMatchObject({ totals: { backlog: 7, backlogged: 1, users: 1 }, policyRevision: 0 });
    expect(next!.at).not.toBe(one!.at);
  });

  it('is for viewers', async () => {
    expect(slug(await ask(server, '/v1/live', { headers: as.user }))).toBe('403 forbidden');
  });
});

interface Look {
  readonly at: string;
  readonly totals: { readonly backlog: number };
}

/** The first so many looks of which something is so. */
async function looks(count: number, isSo: (look: Look) => boolean): Promise<Look[]> {
  const asking = new AbortController();
  const { body, status } = await fetch(`${server.url}/v1/live`, {
    headers: as.viewer,
    signal: asking.signal,
  });
  expect(status).toBe(200);
  let text = '';
  for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const all = [...text.matchAll(/^event: look\ndata: (.*)\n\n/gm)];
    const told = all.map(([, data]) => JSON.parse(data!) as Look).filter(isSo);
    if (told.length < count) continue;
    asking.abort();
    return told;
  }
  throw new Error(`the stream ended: ${text}`);
}
