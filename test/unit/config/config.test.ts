import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { managementUriOf } from '../../../src/broker/connection/address.js';
import { resolveConfig } from '../../../src/config/config.js';

const folder = mkdtempSync(join(tmpdir(), 'fairq-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function config(env: Record<string, string>) {
  return resolveConfig({}, { XDG_CONFIG_HOME: folder, ...env }, async () => undefined);
}

describe('the address of the broker', () => {
  it.each([
    ['amqp://guest:Zq7%@h', '"%" that is not percent-encoding'],
    ['amqp://h/%ZZ', '"%" that is not percent-encoding'],
    ['amqp://guest:Zq#Zq@h', 'has a "/", "?" or "#"'],
    ['amqp://guest:12/Zq@h', 'has a "/", "?" or "#"'],
    ['amqp://guest:12?Zq@h', 'has a "/", "?" or "#"'],
  ])('%s is refused without a word of the password', async (uri, says) => {
    const error: Error & { kind?: string } = await config({ FAIRQ_URI: uri }).then(
      () => new Error('it was taken'),
      (refusal) => refusal,
    );
    expect(error).toMatchObject({ kind: 'usage' });
    expect(error.message).toContain(says);
    expect(error.message).not.toContain('Zq');
  });

  it.each([
    ['amqp://guest:100%25@h', '100%', '/'],
    ['amqp://guest:a%2Fb%3Fc%23@h/v@x', 'a/b?c#', 'v@x'],
    ['amqp://h:5672/v%40x', 'guest', 'v@x'],
  ])('%s is taken', async (uri, password, vhost) => {
    const { address } = await config({ FAIRQ_URI: uri });
    expect(address).toMatchObject({ password, vhost });
  });
});

describe('the address of the management API', () => {
  const of = (uri: string) => config({ FAIRQ_URI: 'amqp://me:mine@h', FAIRQ_MANAGEMENT_URI: uri });

  it.each([
    ['http://h:1', 'http://h:1', undefined],
    ['http://ops:p%40ss@h:1/at/', 'http://h:1/at', { username: 'ops', password: 'p@ss' }],
    ['https://ops@h', 'https://h', { username: 'ops', password: 'mine' }],
    ['http://:other@h/api', 'http://h', { username: 'me', password: 'other' }],
  ])('%s is that of %s, and says who logs in there', async (uri, base, login) => {
    const { address } = await of(uri);
    expect(address.managementUris).toEqual([base]);
    expect(address.managementLogin).toEqual(login);
    expect(address).toMatchObject({ username: 'me', password: 'mine' });
  });

  it('may name several nodes, with one login, and a child is told all of it', async () => {
    const uris = 'http://ops:p%40ss@h:1,http://ops:p%40ss@i:1';
    const { address } = await of(uris);
    expect(address.managementUris).toEqual(['http://h:1', 'http://i:1']);
    expect(managementUriOf(address)).toBe(uris);
    expect(managementUriOf((await of('http://h:1,http://i:1')).address)).toBe('http://h:1,http://i:1');
  });

  it.each([
    ['http://ops:Zq%@h', '"%" that is not percent-encoding'],
    ['http://ops:12/Zq@h', 'has a "/", "?" or "#"'],
    ['ops:Zq@h', 'is not a URI of HTTP'],
    ['http://ops:Zq@h:none', 'is not a URI of HTTP'],
    ['http://ops:Zq@h,http://ops:Zr@i', 'differ in the user or the password'],
  ])('%s is refused without a word of the password', async (uri, says) => {
    const error: Error & { kind?: string } = await of(uri).then(
      () => new Error('it was taken'),
      (refusal) => refusal,
    );
    expect(error).toMatchObject({ kind: 'usage' });
    expect(error.message).toContain(says);
    expect(error.message).not.toContain('Zq');
  });

  it('is warned of on the command line where it has a password', async () => {
    const warned = async (managementUri: string) =>
      (await resolveConfig({ managementUri }, { XDG_CONFIG_HOME: folder }, async () => undefined)).warnings;
    expect(await warned('http://ops:Zq@h')).toEqual([expect.stringContaining('FAIRQ_MANAGEMENT_URI')]);
    expect(await warned('http://h')).toEqual([]);
  });
});

describe('a configuration file', () => {
  it('that is where fairq looks, and cannot be read, is warned of', async () => {
    const home = join(folder, 'unread');
    const file = join(home, 'fairq', 'config.toml');
    mkdirSync(file, { recursive: true });
    const { warnings } = await config({ FAIRQ_URI: 'amqp://h', XDG_CONFIG_HOME: home });
    expect(warnings).toEqual([expect.stringContaining(`the configuration file ${file} is not used`)]);
    expect((await config({ FAIRQ_URI: 'amqp://h' })).warnings).toEqual([]);
  });
});

describe('a password file', () => {
  it.each([
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret \n', 'secret '],
    ['\uFEFFsecret', 'secret'],
  ])('%j holds the password %j', async (text, password) => {
    const file = join(folder, 'password');
    writeFileSync(file, text);
    const { address } = await config({ FAIRQ_URI: 'amqp://h', FAIRQ_PASSWORD_FILE: file });
    expect(address.password).toBe(password);
  });
});
