import { expect, it } from 'vitest';
import type { AuthFlags } from '../../../../src/commands/serve/auth-flags.js';
import { authenticatorFrom } from '../../../../src/commands/serve/auth-from.js';
import type { Authenticator } from '../../../../src/serve/auth/identity.js';
import {
  askedOverHttp,
  asking,
  NAMES,
  onTheWire,
  refusalOf,
  StandingClock,
} from '../../../support/asking.js';

let warnings: string[] = [];

function behind(trustedProxy: string[], flags: AuthFlags = {}): Promise<Authenticator> {
  warnings = [];
  return authenticatorFrom(
    { auth: 'header', trustedProxy, ...flags },
    { names: NAMES, clock: new StandingClock(), host: '0.0.0.0', warn: (text) => warnings.push(text) },
  );
}

const from = (peer: string, user = 'A') => asking({ 'X-Forwarded-User': user }, peer);

it.each([
  ['10.0.0.0/8', '10.1.2.3'],
  ['10.0.0.0/8', '::ffff:10.1.2.3'],
  ['10.0.0.5', '10.0.0.5'],
  ['10.0.0.5', '::ffff:10.0.0.5'],
  ['::ffff:10.0.0.0/104', '10.9.9.9'],
  ['fd00::/8', 'fd12::1'],
  ['::1', '::1'],
  ['fe80::/10', 'fe80::1%eth0'],
])('the header of a proxy in %s counts when it comes from %s', async (network, peer) => {
  const auth = await behind(['192.0.2.1', network]);
  expect(await auth.identify(from(peer))).toEqual({ user: 'A', roles: new Set(['user']) });
});

it.each([
  ['10.0.0.0/8', '11.0.0.1'],
  ['10.0.0.0/8', '::ffff:11.0.0.1'],
  ['10.0.0.5', '10.0.0.6'],
  ['fd00::/8', 'fe80::1'],
  ['fd00::/8', '10.0.0.1'],
  ['127.0.0.0/8', '::1'],
  ['0.0.0.0/0', '2001:db8::1'],
  ['10.0.0.0/8', ''],
  ['10.0.0.0/8', 'not an address'],
])('with a proxy in %s the header of %j says nothing', async (network, peer) => {
  expect(await refusalOf(await behind([network]), from(peer))).toMatch(/is not a trusted proxy$/);
});

it('a peer that says it was forwarded by a proxy is still itself', async () => {
  const auth = await behind(['10.0.0.5']);
  const headers = { 'X-Forwarded-User': 'A', 'X-Forwarded-For': '10.0.0.5', Forwarded: 'for=10.0.0.5' };
  expect(await refusalOf(auth, asking(headers, '192.0.2.7'))).toBe('192.0.2.7 is not a trusted proxy');
});

it('over a real connection a user comes as it is, whatever its characters', async () => {
  const auth = await behind(['127.0.0.1']);
  for (const user of ['A', 'Jürgen', '名前', '"><img src=x onerror=alert(1)>', '50%25', 'a,b', '\ufeffx']) {
    expect(await askedOverHttp(auth, { 'X-Forwarded-User': onTheWire(user) })).toMatchObject({ user });
  }
});

it('over a real connection a header that comes twice is refused, though both say the same', async () => {
  const auth = await behind(['127.0.0.1'], { rolesHeader: 'X-Groups' });
  const twice = 'the header X-Forwarded-User came 2 times, and may come once';
  expect(await askedOverHttp(auth, { 'X-Forwarded-User': ['A', 'B'] })).toBe(twice);
  expect(await askedOverHttp(auth, { 'X-Forwarded-User': ['A', 'A'] })).toBe(twice);
  expect(await askedOverHttp(auth, { 'X-Forwarded-User': 'A', 'X-Groups': ['user', 'operator'] })).toBe(
    'the header X-Groups came 2 times, and may come once',
  );
});

it('over a real connection from a peer that is not trusted the header says nothing', async () => {
  const auth = await behind(['10.0.0.0/8']);
  expect(await askedOverHttp(auth, { 'X-Forwarded-User': 'A' })).toBe('127.0.0.1 is not a trusted proxy');
});

it.each([
  ['is not UTF-8', 'J\xfcrgen', 'the header X-Forwarded-User is not UTF-8'],
  ['is empty', '', 'a user cannot be empty'],
  ['has 1,000 bytes', 'u'.repeat(1_000), /would need a queue name of 1011 bytes/],
  ['is too long once it is encoded', onTheWire('ü'.repeat(50)), /would need a queue name of 311 bytes/],
])('a user that %s is refused', async (_what, user, reason) => {
  expect(await refusalOf(await behind(['127.0.0.1']), asking({ 'X-Forwarded-User': user }))).toMatch(reason);
});

it('a proxy that sends no user lets nobody in', async () => {
  expect(await refusalOf(await behind(['127.0.0.1']), asking({}))).toBe(
    'the proxy sent no header X-Forwarded-User',
  );
});

it('roles and tenant come from the headers that are named, and from no others', async () => {
  const headers = { 'X-User': 'A', 'X-Groups': 'staff, viewer', 'X-Org': onTheWire('Müller & Söhne') };
  const auth = await behind(['::1'], {
    userHeader: 'X-User',
    rolesHeader: 'x-groups',
    tenantHeader: 'X-Org',
  });
  expect(await auth.identify(asking(headers, '::1'))).toEqual({
    user: 'A',
    tenant: 'Müller & Söhne',
    roles: new Set(['user', 'viewer']),
  });
  const night = { ...headers, 'X-Groups': 'night operator,Operator', 'X-Org': '' };
  expect(await auth.identify(asking(night, '::1'))).toEqual({ user: 'A', roles: new Set(['user']) });
  const plain = await behind(['::1'], { userHeader: 'X-User' });
  expect(await plain.identify(asking({ ...headers, Roles: 'operator' }, '::1'))).toEqual({
    user: 'A',
    roles: new Set(['user']),
  });
});

it('a proxy that may be anybody is warned of', async () => {
  await behind(['10.0.0.1', '0.0.0.0/0']);
  expect(warnings).toEqual([expect.stringMatching(/^--trusted-proxy names every address/)]);
});
