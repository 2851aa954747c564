import { afterEach, beforeEach, expect, it } from 'vitest';
import { jwtFrom } from '../../../../src/commands/serve/jwt-from.js';
import { type Authenticator, KeysUnavailable } from '../../../../src/serve/auth/identity.js';
import { parseKeySet } from '../../../../src/serve/auth/jwt/key-set.js';
import { FETCH_AT_MOST_EVERY_MS, UrlKeys } from '../../../../src/serve/auth/jwt/url-keys.js';
import { bearing, NAMES, refusalOf, StandingClock } from '../../../support/asking.js';
import { eventually } from '../../../support/eventually.js';
import {
  AUDIENCE,
  ISSUER,
  KeyServer,
  type SigningKey,
  signed,
  signingKey,
} from '../../../support/signed-tokens.js';

const UNKNOWN = 'the token is signed with a key that is not known';
const UNKNOWN_NOW = `${UNKNOWN}, and new keys cannot be fetched at the moment`;

let server: KeyServer;
let clock: StandingClock;
let warnings: string[];
let auth: Authenticator | undefined;

beforeEach(async () => {
  server = new KeyServer();
  clock = new StandingClock();
  warnings = [];
  await server.start();
});
afterEach(async () => {
  await auth?.close?.();
  auth = undefined;
  await server.stop();
});

async function opened(): Promise<Authenticator> {
  auth = await jwtFrom(
    { jwks: server.url, jwtIssuer: [ISSUER], jwtAudience: [AUDIENCE] },
    { names: NAMES, clock, warn: (text) => warnings.push(text) },
  );
  return auth;
}

async function letsIn(one: Authenticator, key: SigningKey): Promise<void> {
  expect(await one.identify(bearing(await signed(key)))).toMatchObject({ user: 'A' });
}

it('keys of a URL are fetched once for many tokens', async () => {
  const key = await signingKey('one', 'ES256');
  server.keys = [key.jwk];
  const one = await opened();
  for (let i = 0; i < 20; i++) await letsIn(one, key);
  expect(server.asked).toBe(1);
});

it('a key that is new is fetched when its first token comes, and one that was taken away counts no more', async () => {
  const [old, next] = [await signingKey('old', 'ES256'), await signingKey('next', 'ES256')];
  server.keys = [old.jwk];
  const one = await opened();
  await letsIn(one, old);
  server.keys = [next.jwk];
  clock.advance(FETCH_AT_MOST_EVERY_MS);
  await letsIn(one, next);
  expect(await refusalOf(one, bearing(await signed(old)))).toBe(UNKNOWN);
  expect(server.asked).toBe(2);
});

it('tokens with unknown keys have the URL asked no more than every so often, however many come', async () => {
  const [key, stranger] = [await signingKey('one', 'ES256'), await signingKey('two', 'ES256')];
  server.keys = [key.jwk];
  const one = await opened();
  const token = await signed(stranger);
  const ask = () => Promise.all(Array.from({ length: 50 }, () => refusalOf(one, bearing(token))));
  expect(new Set(await ask())).toEqual(new Set([UNKNOWN]));
  expect(server.asked).toBe(1);
  clock.advance(FETCH_AT_MOST_EVERY_MS);
  await ask();
  expect(server.asked).toBe(2);
});

it('while the URL cannot be reached old keys count, and a token with another key is refused', async () => {
  const [key, next] = [await signingKey('one', 'ES256'), await signingKey('two', 'ES256')];
  server.keys = [key.jwk];
  const one = await opened();
  await server.stop();
  for (let i = 0; i < 3; i++) {
    clock.advance(FETCH_AT_MOST_EVERY_MS);
    expect(await refusalOf(one, bearing(await signed(next)))).toBe(UNKNOWN_NOW);
    await letsIn(one, key);
  }
  expect(warnings).toEqual([
    expect.stringMatching(
      /ECONNREFUSED.*; until it can be fetched the keys that were fetched last still count$/,
    ),
  ]);

  server.keys = [key.jwk, next.jwk];
  await server.start();
  clock.advance(FETCH_AT_MOST_EVERY_MS);
  await letsIn(one, next);
});

it.each([
  ['an error', { status: 503, body: 'try later' }, 'the answer is 503, not 200'],
  ['a page', { body: '<html>' }, 'it is not JSON'],
  ['another document', { body: '{"issuer": "x"}' }, 'it is not a JSON Web Key Set'],
  ['what is far too large', { body: ' '.repeat(1024 ** 2 + 1) }, 'the answer is larger than 1 MiB'],
  ['a way to somewhere else', { status: 302, location: 'http://127.0.0.1:1/' }, 'unexpected redirect'],
])('old keys count while the URL answers %s', async (_what, answer, why) => {
  const [key, next] = [await signingKey('one', 'ES256'), await signingKey('two', 'ES256')];
  server.keys = [key.jwk];
  const one = await opened();
  server.answer = answer;
  clock.advance(FETCH_AT_MOST_EVERY_MS);
  expect(await refusalOf(one, bearing(await signed(next)))).toBe(UNKNOWN_NOW);
  await letsIn(one, key);
  expect(warnings).toEqual([expect.stringContaining(`${server.url}: ${why}`)]);
});

it('a URL that takes the request and does not answer is waited for only so long', async () => {
  server.answer = { silent: true };
  const parse = (text: string) => parseKeySet(text, ['ES256']);
  const keys = await UrlKeys.open(server.url, parse, {
    clock,
    warn: (text) => warnings.push(text),
    timeoutMs: 50,
  });
  expect(warnings).toEqual([expect.stringContaining('timeout')]);
  keys.close();
});

it('a URL that cannot be reached at the beginning stops nothing: keys come when it can be', async () => {
  const key = await signingKey('one', 'ES256');
  server.keys = [key.jwk];
  await server.stop();
  const one = await opened();
  expect(warnings).toEqual([expect.stringMatching(/until it can be fetched no token is taken$/)]);
  const refused = one.identify(bearing(await signed(key)));
  await expect(refused).rejects.toBeInstanceOf(KeysUnavailable);
  await expect(refused).rejects.toMatchObject({ retryAfterSeconds: FETCH_AT_MOST_EVERY_MS / 1_000 });
  await server.start();
  clock.advance(FETCH_AT_MOST_EVERY_MS);
  await letsIn(one, key);
});

it('a key that is taken away is forgotten though no unknown one comes', async () => {
  const key = await signingKey('one', 'ES256');
  server.keys = [key.jwk];
  const parse = (text: string) => parseKeySet(text, ['ES256']);
  const keys = await UrlKeys.open(server.url, parse, {
    clock,
    warn: (text) => warnings.push(text),
    fetchEveryMs: 20,
  });
  const isKnown = async () => {
    const found = keys.find({ alg: 'ES256', kid: key.kid }, { payload: '', signature: '' });
    return found.then(
      () => true,
      () => false,
    );
  };
  expect(await isKnown()).toBe(true);
  server.keys = [];
  await eventually(async () => !(await isKnown()), { timeoutMs: 60_000, what: 'the key to be forgotten' });
  keys.close();
});
