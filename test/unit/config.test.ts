import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config.js';

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
