import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { fairq, fairqJson } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, type Serving, startServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();
const tokens = new Map<string, string>();
let serving: Serving;

beforeAll(async () => {
  const lines: string[] = [];
  for (const [user, role] of [
    ['ann', 'user'],
    ['bob', 'user'],
    ['vic', 'viewer'],
  ] as const) {
    const made = await fairqJson<{ token: string; line: string }>(
      env,
      'serve',
      'token',
      '--user',
      user,
      '--role',
      role,
    );
    tokens.set(user, made.token);
    lines.push(made.line);
  }
  await writeFile(folder.file('tokens'), `${lines.join('\n')}\n`, { mode: 0o600 });
  serving = await startServing(env, '--auth', 'tokens', '--tokens-file', folder.file('tokens'));
});
afterAll(async () => {
  serving.process.signal('SIGTERM');
  await serving.process.ended;
});

function as(user: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${tokens.get(user)}` } };
}

describe('a server with tokens', () => {
  it('sends for the user of the token, whatever a header says', async () => {
    const { headers } = as('ann');
    const sent = await ask(serving, '/v1/tasks', {
      headers: { ...headers, 'x-fairq-user': 'bob' },
      body: { task: 'noop' },
    });
    expect([sent.status, sent.json.user]).toEqual([202, 'ann']);
  });

  it("shows a task to its own user and to viewers, and does not say that another's is there", async () => {
    const { json } = await ask(serving, '/v1/tasks', { ...as('ann'), body: { task: 'noop' } });
    const path = `/v1/tasks/${json.id}`;
    expect((await ask(serving, path, as('ann'))).status).toBe(200);
    expect((await ask(serving, path, as('vic'))).status).toBe(200);
    const others = await ask(serving, path, as('bob'));
    const nobodys = await ask(serving, '/v1/tasks/no-such-task', as('bob'));
    expect(others.status).toBe(404);
    expect(others.text).toBe(nobodys.text);
  });

  it.each([
    ['no token', {}],
    ['a wrong one', { authorization: 'Bearer fairq_wrong' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('refuses %s, and says how to ask', async (_, headers) => {
    const answer = await ask(serving, '/v1/tasks', { headers, body: { task: 'noop' } });
    expect([answer.status, answer.json.type]).toEqual([401, 'urn:fairq:problem:unauthenticated']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('asks nobody who looks whether it lives', async () => {
    for (const path of ['/livez', '/readyz', '/openapi.json', '/metrics']) {
      expect((await ask(serving, path)).status).toBe(200);
    }
  });
});

describe('whoever is not known any more', () => {
  it('hears nothing more of what others do', async () => {
    const { headers } = as('vic');
    const stream = await fetch(`${serving.url}/v1/events`, { headers });
    expect(stream.status).toBe(200);
    const reader = stream.body!.getReader();
    const lines = (await readFile(folder.file('tokens'), 'utf8')).trimEnd().split('\n');
    await writeFile(folder.file('tokens'), `${lines.filter((line) => !line.includes('vic')).join('\n')}\n`);
    for (;;) if ((await reader.read()).done) break; // it ends by itself
    await eventually(async () => (await ask(serving, '/v1/me', { headers })).status === 401, {
      timeoutMs: 60_000,
      what: 'the token is not known any more',
    });
    await writeFile(folder.file('tokens'), `${lines.join('\n')}\n`);
  });
});

describe('a server that would let anybody be anyone', () => {
  it('does not start on an address that others reach', async () => {
    for (const flags of [[], ['--auth', 'none']]) {
      const { code, stderr } = await fairq(env, 'serve', '--host', '0.0.0.0', '--port', '0', ...flags);
      expect(code, stderr).toBe(64);
    }
  });
});

describe('a page of somebody else', () => {
  it.each([
    ['a write of another origin', { origin: 'https://evil.example' }, 403],
    ['a write that a browser calls cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a write of no origin that can be named', { origin: 'null' }, 403],
  ])('cannot make a browser ask: %s', async (_, headers, status) => {
    const answer = await ask(serving, '/v1/tasks', {
      headers: { ...as('ann').headers, ...headers, cookie: 'session=1' },
      body: { task: 'noop' },
    });
    expect([answer.status, answer.json.type]).toEqual([status, 'urn:fairq:problem:foreign-origin']);
  });
});

describe('files for TLS', () => {
  it('that are none are named, and the server does not start', async () => {
    await writeFile(folder.file('no.pem'), 'no certificate\n');
    const files = ['--tls-cert', folder.file('no.pem'), '--tls-key', folder.file('no.pem')];
    const { code, stderr } = await fairq(env, 'serve', '--port', '0', ...files);
    expect(stderr).toContain('no.pem');
    expect(stderr).toContain('Are the two files swapped?');
    expect(code).toBe(64);
    expect((await fairq(env, 'serve', '--port', '0', ...files.slice(0, 2))).code).toBe(64);
  });
});
