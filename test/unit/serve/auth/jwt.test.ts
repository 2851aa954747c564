import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AuthFlags } from '../../../../src/commands/serve/auth-flags.js';
import { jwtFrom } from '../../../../src/commands/serve/jwt-from.js';
import type { Authenticator } from '../../../../src/serve/auth/identity.js';
import { asking, bearing, NAMES, refusalOf, StandingClock } from '../../../support/asking.js';
import { useFolder } from '../../../support/folder.js';
import {
  AUDIENCE,
  base64url,
  ISSUER,
  inSeconds,
  type SigningKey,
  signed,
  signingKey,
} from '../../../support/signed-tokens.js';

const folder = useFolder();
const clock = new StandingClock();
let key: SigningKey;
let auth: Authenticator;
let warnings: string[];

async function fromFile(document: unknown, flags: AuthFlags = {}): Promise<Authenticator> {
  const jwks = folder.file('keys.json');
  await writeFile(jwks, JSON.stringify(document));
  warnings = [];
  const warn = (text: string) => warnings.push(text);
  return jwtFrom(
    { jwks, jwtIssuer: [ISSUER], jwtAudience: [AUDIENCE], jwtLeeway: 0, ...flags },
    { names: NAMES, clock, warn },
  );
}

beforeAll(async () => {
  key = await signingKey('one');
  auth = await fromFile({ keys: [key.jwk] });
});

async function refusal(claims: Record<string, unknown>): Promise<string> {
  return refusalOf(auth, bearing(await signed(key, claims)));
}

describe('a signed token', () => {
  it('says who asks', async () => {
    expect(await auth.identify(bearing(await signed(key)))).toEqual({ user: 'A', roles: new Set(['user']) });
  });

  it.each(['ES256', 'ES384', 'ES512', 'PS256', 'RS512', 'EdDSA', 'Ed25519'])(
    'may be signed by %s',
    async (alg) => {
      const other = await signingKey('other', alg);
      const any = await fromFile({ keys: [key.jwk, other.jwk] });
      expect(await any.identify(bearing(await signed(other)))).toMatchObject({ user: 'A' });
    },
  );

  it('is found whatever the case of its scheme', async () => {
    const token = await signed(key);
    expect(await auth.identify(asking({ authorization: `bEARER ${token}` }))).toMatchObject({ user: 'A' });
  });

  it.each([
    ['for another audience', { aud: 'billing' }, 'the token is for another audience'],
    ['for several others', { aud: ['billing', 'mail'] }, 'the token is for another audience'],
    ['for nobody', { aud: undefined }, 'the token does not say for which audience it is'],
    ['from another issuer', { iss: 'https://evil.example/' }, 'the token is from another issuer'],
    ['from nobody', { iss: undefined }, 'the token does not say who issued it'],
    ['that has expired', { exp: inSeconds(-5) }, 'the token has expired'],
    ['that is not valid yet', { nbf: inSeconds(60) }, 'the token is not valid yet'],
    ['that never ends', { exp: undefined }, 'the token does not say when it expires'],
    ['that ends at a text', { exp: '2099' }, 'the claim exp of the token is wrong'],
    ['without a user', { sub: undefined }, 'the token has no claim sub'],
    ['of an empty user', { sub: '' }, 'a user cannot be empty'],
    ['of a number', { sub: 12_345_678 }, 'the claim sub of the token is not a text'],
    ['of a user that is not Unicode', { sub: '\ud800' }, /is not valid Unicode$/],
    [
      'of a user with 1,000 bytes',
      { sub: 'u'.repeat(1_000) },
      /would need a queue name of 1011 bytes; AMQP allows 255$/,
    ],
  ])('%s is refused', async (_what, claims, reason) => {
    expect(await refusal(claims)).toMatch(reason);
  });

  it.each(['"><img src=x onerror=alert(1)>', 'two\r\nlines', 'Jürgen', '名前', '__proto__', ' '])(
    'may be of the user %j',
    async (sub) => {
      expect(await auth.identify(bearing(await signed(key, { sub })))).toMatchObject({ user: sub });
    },
  );

  it('has some time beyond its end where clocks differ', async () => {
    const lenient = await fromFile({ keys: [key.jwk] }, { jwtLeeway: 600_000 });
    const token = await signed(key, { exp: inSeconds(-5) });
    expect(await lenient.identify(bearing(token))).toMatchObject({ user: 'A' });
    const old = await signed(key, { exp: inSeconds(-1_000) });
    expect(await refusalOf(lenient, bearing(old))).toBe('the token has expired');
  });

  it('that is missing is asked for, with the scheme to send', async () => {
    await expect(auth.identify(asking({}))).rejects.toMatchObject({ scheme: 'Bearer realm="fairq"' });
    expect(await refusalOf(auth, asking({ Authorization: 'Basic QTpi' }))).toMatch(/is not "Bearer"/);
    expect(await refusalOf(auth, asking({ Authorization: 'Bearer ' }))).toMatch(/is not "Bearer"/);
  });
});

describe('a forged token', () => {
  const claims = () => base64url({ sub: 'A', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(300) });

  it.each(['none', 'None', 'NONE', ''])('with alg %j is refused', async (alg) => {
    for (const signature of ['', base64url('x')]) {
      const token = `${base64url({ alg, kid: 'one' })}.${claims()}.${signature}`;
      expect(await refusalOf(auth, bearing(token))).toMatch(
        /algorithm that is not allowed|is not a JSON Web Token/,
      );
    }
  });

  it('signed with the public key as a secret is refused, though symmetric algorithms are allowed', async () => {
    const secret = randomBytes(32);
    const both = await fromFile(
      { keys: [key.jwk, { kty: 'oct', kid: 'two', k: secret.toString('base64url') }] },
      { jwtAlgorithms: ['RS256', 'HS256'] },
    );
    expect(await both.identify(bearing(await signed(key)))).toMatchObject({ user: 'A' });
    const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const kid of [{ kid: 'one' }, { kid: 'two' }, {}]) {
      const body = `${base64url({ alg: 'HS256', ...kid })}.${claims()}`;
      const token = `${body}.${createHmac('sha256', pem).update(body).digest('base64url')}`;
      expect(await refusalOf(both, bearing(token))).toMatch(
        /signature of the token is wrong|key that is not known/,
      );
      expect(await refusalOf(auth, bearing(token))).toBe(
        'the token is signed by an algorithm that is not allowed',
      );
    }
  });

  it('signed with a key of somebody else is refused, with or without the name of a known one', async () => {
    const stranger = await signingKey('one');
    expect(await refusalOf(auth, bearing(await signed(stranger)))).toBe(
      'the signature of the token is wrong',
    );
    const { kid: _, ...nameless } = stranger;
    expect(await refusalOf(auth, bearing(await signed(nameless)))).toBe(
      'the signature of the token is wrong',
    );
    expect(await refusalOf(auth, bearing(await signed({ ...stranger, kid: 'nine' })))).toBe(
      'the token is signed with a key that is not known',
    );
  });

  it('brings no key of its own', async () => {
    const stranger = await signingKey('two');
    const token = await new SignJWT({ sub: 'A', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(300) })
      .setProtectedHeader({ alg: 'RS256', jwk: stranger.jwk, jku: 'https://evil.example/keys' })
      .sign(stranger.privateKey);
    expect(await refusalOf(auth, bearing(token))).toBe('the signature of the token is wrong');
  });

  it('whatever it holds is refused, and nothing of it is told', async () => {
    const whole = await signed(key);
    const [head = '', body = '', signature = ''] = whole.split('.');
    const secretive = base64url({ alg: 'RS256', kid: 'one', crit: ['x-secret'], 'x-secret': 1 });
    const forged = [
      'x',
      '..',
      '...',
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}.${body}.${signature}.${signature}`,
      `${head}.${base64url({ sub: 'operator' })}.${signature}`,
      `${secretive}.${body}.${signature}`,
      `${base64url({ alg: 'RS256', kid: 7 })}.${body}.${signature}`,
      `${base64url({ alg: 'RS256', kid: '__proto__' })}.${body}.${signature}`,
      `${base64url({ alg: ['RS256'] })}.${body}.${signature}`,
      `${base64url({ alg: 'ES256', kid: 'one' })}.${body}.${signature}`,
      `${base64url({ alg: 'RS256', kid: 'one', b64: false, crit: ['b64'] })}.${body}.${signature}`,
      `${base64url('null')}.${body}.${signature}`,
      `${base64url('[')}.${body}.${signature}`,
      `${head}.${body}.${signature.slice(0, -3)}`,
      `${head}.${body}.${base64url(randomBytes(8_000).toString('hex'))}`,
      randomBytes(200).toString('base64url'),
    ];
    for (const token of forged) {
      const reason = await refusalOf(auth, bearing(token));
      expect(reason).toMatch(/^the token |^the signature |^the claim /);
      for (const part of token.split('.').filter(({ length }) => length > 3))
        expect(reason).not.toContain(part);
      expect(reason).not.toContain('secret');
    }
  });
});

describe('claims', () => {
  it.each([
    ['roles', { roles: ['viewer'] }, ['user', 'viewer']],
    ['roles', { roles: ['operator', 'admin', 7, null] }, ['operator', 'user', 'viewer']],
    ['roles', { roles: ['night operator', 'Operator', '__proto__', 'constructor'] }, ['user']],
    ['roles', { roles: { operator: true } }, ['user']],
    ['roles', {}, ['user']],
    ['scope', { scope: 'openid viewer' }, ['user', 'viewer']],
    [
      'resource_access.fairq.roles',
      { resource_access: { fairq: { roles: ['viewer'] } } },
      ['user', 'viewer'],
    ],
    [
      'https://example.com/roles',
      { 'https://example.com/roles': ['operator'] },
      ['operator', 'user', 'viewer'],
    ],
    ['constructor.name', {}, ['user']],
    ['roles.length', { roles: ['operator'] }, ['user']],
  ])('%s of %j makes the roles %j', async (rolesClaim, claims, roles) => {
    const one = await fromFile({ keys: [key.jwk] }, { rolesClaim });
    const identity = await one.identify(bearing(await signed(key, claims)));
    expect([...identity.roles].sort()).toEqual(roles);
  });

  it('have a user and a tenant where they are said to be', async () => {
    const one = await fromFile({ keys: [key.jwk] }, { userClaim: 'email', tenantClaim: 'org.id' });
    const token = await signed(key, { email: 'a@example.com', org: { id: 'Acme' } });
    expect(await one.identify(bearing(token))).toMatchObject({ user: 'a@example.com', tenant: 'Acme' });
    const none = await one.identify(bearing(await signed(key, { email: 'b@example.com' })));
    expect(none).toEqual({ user: 'b@example.com', roles: new Set(['user']) });
    expect(await refusalOf(one, bearing(await signed(key, { email: 'c', org: { id: ['x'] } })))).toBe(
      'the claim org.id of the token is not a text',
    );
    expect(await refusalOf(one, bearing(await signed(key, { email: 'c', org: { id: '' } })))).toBe(
      'the tenant is empty',
    );
    expect(
      await refusalOf(one, bearing(await signed(key, { email: 'c', org: { id: 'é'.repeat(100) } }))),
    ).toMatch(/^the tenant is too long/);
  });

  it('are what the token says, and nothing that every object has', async () => {
    for (const userClaim of ['constructor', 'constructor.name', 'org.constructor.name']) {
      const one = await fromFile({ keys: [key.jwk] }, { userClaim });
      const token = await signed(key, { org: {} });
      expect(await refusalOf(one, bearing(token))).toBe(`the token has no claim ${userClaim}`);
    }
  });

  it('need no issuer and no audience where any will do', async () => {
    const one = await fromFile({ keys: [key.jwk] }, {
      jwtIssuer: undefined,
      jwtAudience: undefined,
      jwtAnyIssuer: true,
      jwtAnyAudience: true,
    } as object);
    expect(await one.identify(bearing(await signed(key, { iss: undefined, aud: 'x' })))).toMatchObject({
      user: 'A',
    });
  });

  it('may be for any of several audiences', async () => {
    const one = await fromFile({ keys: [key.jwk] }, { jwtAudience: ['fairq', 'tasks'] });
    expect(await one.identify(bearing(await signed(key, { aud: ['x', 'tasks'] })))).toMatchObject({
      user: 'A',
    });
  });
});

describe('a file of keys', () => {
  it('may name no key: then each that fits is tried', async () => {
    const others = await Promise.all([
      signingKey('1', 'ES256'),
      signingKey('2', 'ES256'),
      signingKey('3', 'EdDSA'),
    ]);
    const keys = others.map(({ jwk: { kid: _, ...jwk } }) => jwk);
    const one = await fromFile({ keys });
    for (const { kid: _, ...other } of others) {
      expect(await one.identify(bearing(await signed(other)))).toMatchObject({ user: 'A' });
    }
    const { kid: _, ...stranger } = await signingKey('4', 'ES256');
    expect(await refusalOf(one, bearing(await signed(stranger)))).toBe('the signature of the token is wrong');
    expect(await refusalOf(one, bearing(await signed(others[0]!, { aud: 'x' })))).toBe(
      'the token is signed with a key that is not known',
    );
    const { kid: __, ...last } = others[1]!;
    expect(await refusalOf(one, bearing(await signed(last, { aud: 'x' })))).toBe(
      'the token is for another audience',
    );
  });

  it('is read again when it has changed; one that is broken or gone changes nothing', async () => {
    const next = await signingKey('next', 'ES256');
    const path = folder.file('keys.json');
    const one = await fromFile({ keys: [key.jwk] });
    const unknown = 'the token is signed with a key that is not known';
    expect(await refusalOf(one, bearing(await signed(next)))).toBe(unknown);

    await writeFile(path, '{"keys": [');
    clock.advance(1_000);
    expect(await one.identify(bearing(await signed(key)))).toMatchObject({ user: 'A' });
    expect(warnings).toEqual([expect.stringMatching(/it is not JSON; what was read before still counts$/)]);

    await writeFile(path, JSON.stringify({ keys: [next.jwk] }));
    clock.advance(1_000);
    expect(await one.identify(bearing(await signed(next)))).toMatchObject({ user: 'A' });
    expect(await refusalOf(one, bearing(await signed(key)))).toBe(unknown);
  });

  it('has its weak, private and foreign keys left out, each with a warning', async () => {
    const jwkOf = (pair: { publicKey: { export(as: { format: 'jwk' }): object } }) =>
      pair.publicKey.export({ format: 'jwk' });
    const weak = { ...jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 })), kid: 'weak' };
    const secret = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const one = await fromFile({
      keys: [
        weak,
        { ...secret, kid: 'private' },
        { ...jwkOf(generateKeyPairSync('x25519')), kid: 'curve' },
        { ...key.jwk, kid: 'enc', use: 'enc' },
        { kty: 'RSA', kid: 'torn', n: '!', e: 'AQAB' },
        { kty: 'oct', kid: 'secret', k: randomBytes(32).toString('base64url') },
        7,
        key.jwk,
      ],
    });
    expect(warnings.map((warning) => warning.replace(/^--jwks \S+: /, ''))).toEqual([
      'key 1 (kid "weak") is an RSA key of 1024 bits: it must have 2048 at least',
      'key 2 (kid "private") is a private key: put only public keys there',
      'key 3 (kid "curve") is of a kind that is not known here',
      'key 4 (kid "enc") is not for signatures',
      expect.stringMatching(/^key 5 \(kid "torn"\) /),
      'key 6 (kid "secret") is a symmetric key, and no symmetric algorithm is allowed',
      'key 7 is not an object with "kty"',
    ]);
    expect(await one.identify(bearing(await signed(key)))).toMatchObject({ user: 'A' });
  });
});

describe('a symmetric key', () => {
  const hmac = (secret: Uint8Array, alg: string, header: object = {}) =>
    new SignJWT({ sub: 'A', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(300) })
      .setProtectedHeader({ alg, ...header })
      .sign(secret);
  const oct = (secret: Buffer, more: object = {}) => ({
    kty: 'oct',
    k: secret.toString('base64url'),
    ...more,
  });

  it('counts where its algorithm is named, and where it is long enough', async () => {
    const [long, other, short] = [randomBytes(64), randomBytes(32), randomBytes(16)];
    const one = await fromFile(
      {
        keys: [
          oct(long, { kid: 'long' }),
          oct(other),
          oct(short, { kid: 'short' }),
          oct(long, { alg: 'HS384' }),
        ],
      },
      { jwtAlgorithms: ['HS256', 'HS512'] },
    );
    expect(warnings).toEqual([
      expect.stringMatching(/key 3 \(kid "short"\) has 16 bytes, and HS256 needs 32 at least$/),
      expect.stringMatching(/key 4 is for an algorithm that is not allowed$/),
    ]);
    for (const token of [
      await hmac(long, 'HS256', { kid: 'long' }),
      await hmac(long, 'HS512'),
      await hmac(other, 'HS256'),
    ]) {
      expect(await one.identify(bearing(token))).toMatchObject({ user: 'A' });
    }
    expect(await refusalOf(one, bearing(await hmac(other, 'HS512')))).toBe(
      'the signature of the token is wrong',
    );
    expect(await refusalOf(one, bearing(await hmac(randomBytes(32), 'HS256')))).toBe(
      'the signature of the token is wrong',
    );
    expect(await refusalOf(one, bearing(await hmac(long, 'HS256', { kid: 'nine' })))).toBe(
      'the token is signed with a key that is not known',
    );
    expect(await refusalOf(one, bearing(await signed(key)))).toMatch(/algorithm that is not allowed/);
  });
});
