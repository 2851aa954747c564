import { expect, it } from 'vitest';
import { isLoopback } from '../../../../src/serve/auth/addresses.js';
import { OpenAuthenticator } from '../../../../src/serve/auth/open-authenticator.js';
import { askedOverHttp, asking, NAMES, onTheWire, refusalOf } from '../../../support/asking.js';

const auth = new OpenAuthenticator(NAMES);

it('without authentication a user is who it says, and may do everything', async () => {
  expect(await askedOverHttp(auth, { 'X-Fairq-User': onTheWire('Jürgen') })).toEqual({
    user: 'Jürgen',
    roles: new Set(['user', 'viewer', 'operator']),
  });
});

it('without authentication a user has to say who it is, once', async () => {
  expect(await refusalOf(auth, asking({}))).toBe('say who you are in the header X-Fairq-User');
  expect(await askedOverHttp(auth, { 'X-Fairq-User': ['A', 'B'] })).toMatch(/came 2 times/);
  expect(await refusalOf(auth, asking({ 'X-Fairq-User': '\xff' }))).toMatch(/is not UTF-8$/);
});

it.each(['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Real-IP'])(
  'without authentication what comes through a proxy (%s) is refused: others than this machine could ask',
  async (header) => {
    const headers = { 'X-Fairq-User': 'A', [header]: 'anything' };
    expect(await refusalOf(auth, asking(headers))).toMatch(/^the request came through a proxy/);
  },
);

it.each([
  'localhost',
  'LOCALHOST',
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '[::ffff:7f00:1]',
])('only this machine reaches %s', (address) => {
  expect(isLoopback(address)).toBe(true);
});

it.each([
  '',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  '::2',
  '::ffff:10.0.0.1',
  '127.1',
  'localhost.example.com',
  'example.com',
  '[]',
])('others may reach %j', (address) => {
  expect(isLoopback(address)).toBe(false);
});
