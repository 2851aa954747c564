import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type AuthFlags, withAuthOptions } from '../../../../src/commands/serve/auth-flags.js';
import { authenticatorFrom } from '../../../../src/commands/serve/auth-from.js';
import { registerToken, type TokenFlags } from '../../../../src/commands/serve/token-command.js';
import { FairqError } from '../../../../src/core/errors/errors.js';
import { asking, NAMES, StandingClock } from '../../../support/asking.js';
import { useFolder } from '../../../support/folder.js';

const folder = useFolder();

function flagsOf(words: readonly string[]): AuthFlags {
  const command = withAuthOptions(new Command('serve'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse([...words], { from: 'user' }).opts<AuthFlags>();
}

const warnings: string[] = [];

async function from(words: readonly string[], host = '127.0.0.1') {
  warnings.length = 0;
  const warn = (text: string) => warnings.push(text);
  return authenticatorFrom(flagsOf(words), { names: NAMES, clock: new StandingClock(), host, warn });
}

async function wrongWith(words: readonly string[], host?: string): Promise<string> {
  try {
    await from(words, host);
  } catch (error) {
    if (!(error instanceof FairqError)) throw error;
    expect(error.kind).toBe('usage');
    expect(error.hint).toMatch(/^[A-Z].*/);
    return error.message;
  }
  throw new Error('nothing is wrong');
}

describe('who asks', () => {
  it('is not asked on loopback, and this is said', async () => {
    for (const words of [[], ['--auth', 'none']]) {
      const auth = await from(words, 'localhost');
      expect(await auth.identify(asking({ 'X-Fairq-User': 'A' }))).toMatchObject({ user: 'A' });
      expect(warnings).toEqual([expect.stringMatching(/^nobody is asked who they are/)]);
    }
  });

  it.each(['0.0.0.0', '::', '10.0.0.5', 'example.com'])('has to be known on %s', async (host) => {
    expect(await wrongWith([], host)).toBe(
      `${host} can be reached by others, and without --auth they may be any user`,
    );
    expect(await wrongWith(['--auth', 'none'], host)).toMatch(/with --auth none they may be any user$/);
  });

  it.each([
    [['--jwks', 'x'], '--jwks is for --auth jwt, and this is --auth none'],
    [
      ['--auth', 'header', '--trusted-proxy', '::1', '--tokens-file', 'x'],
      '--tokens-file is for --auth tokens',
    ],
    [['--auth', 'jwt', '--trusted-proxy', '::1'], '--trusted-proxy is for --auth header'],
    [['--auth', 'tokens'], '--auth tokens needs --tokens-file'],
    [['--auth', 'tokens', '--tokens-file', '/nowhere/tokens'], '--tokens-file /nowhere/tokens: ENOENT'],
    [['--auth', 'tokens', '--tokens-file', '/'], '--tokens-file /: it is not a file'],
    [['--auth', 'header'], '--auth header needs --trusted-proxy'],
    [['--auth', 'header', '--trusted-proxy', 'proxy.local'], '"proxy.local" is not an address or a network'],
    [['--auth', 'header', '--trusted-proxy', '10.0.0.0/33'], '"10.0.0.0/33" is not'],
    [['--auth', 'header', '--trusted-proxy', '10.0.0.0/8/8'], '"10.0.0.0/8/8" is not'],
    [['--auth', 'header', '--trusted-proxy', '10.0.0.0/'], '"10.0.0.0/" is not'],
    [['--auth', 'header', '--trusted-proxy', 'fd00::/129'], '"fd00::/129" is not'],
    [
      ['--auth', 'header', '--trusted-proxy', '::1', '--user-header', 'X User'],
      '--user-header: "X User" cannot be',
    ],
    [['--auth', 'header', '--trusted-proxy', '::1', '--roles-header', ''], '--roles-header: "" cannot be'],
  ])('is not known with %j', async (words, why) => {
    expect(await wrongWith(words)).toContain(why);
  });
});

describe('--auth jwt', () => {
  const checked = ['--jwt-issuer', 'i', '--jwt-audience', 'a'];

  it.each([
    [checked, '--auth jwt needs --jwks'],
    [['--jwks', 'x', '--jwt-issuer', 'i'], '--auth jwt needs --jwt-audience'],
    [['--jwks', 'x', '--jwt-audience', 'a'], '--auth jwt needs --jwt-issuer'],
    [['--jwks', 'x', '--jwt-issuer', 'i', '--jwt-audience', ''], '--auth jwt needs --jwt-audience'],
    [['--jwks', 'x', '--jwt-any-issuer', ...checked], '--jwt-issuer and --jwt-any-issuer contradict'],
    [['--jwks', 'x', '--jwt-any-audience', ...checked], '--jwt-audience and --jwt-any-audience contradict'],
    [['--jwks', 'x', ...checked, '--jwt-algorithms', 'RS256,none'], '"none" is not an algorithm'],
    [['--jwks', 'x', ...checked, '--jwt-algorithms', 'constructor'], '"constructor" is not an algorithm'],
    [['--jwks', 'x', ...checked, '--jwt-leeway', '11m'], '--jwt-leeway: tokens would count'],
    [['--jwks', '/nowhere/keys', ...checked], '--jwks /nowhere/keys: ENOENT'],
    [
      ['--jwks', 'http://login.example.com/keys', ...checked],
      'http://login.example.com/keys is not encrypted',
    ],
    [['--jwks', 'https://', ...checked], '"https://" is not a URL'],
    [['--jwks', 'https://me:secret@example.com/', ...checked], 'has a user or a password in it'],
    [['--jwks', 'https://example.com/', ...checked, '--jwt-algorithms', 'HS256'], 'HS256 needs a secret key'],
  ])('does not start with %j', async (words, why) => {
    const message = await wrongWith(['--auth', 'jwt', ...words]);
    expect(message).toContain(why);
    expect(message).not.toContain('secret@');
  });

  it('does not start with a file that is no key set', async () => {
    await writeFile(folder.file('keys'), 'secret text');
    const message = await wrongWith(['--auth', 'jwt', '--jwks', folder.file('keys'), ...checked]);
    expect(message).toMatch(/it is not JSON$/);
  });

  it('takes several issuers, audiences and algorithms', () => {
    const flags = flagsOf(['--jwt-audience', 'a', '--jwt-audience', 'b', '--jwt-algorithms', 'RS256, ES256']);
    expect(flags).toEqual({ jwtAudience: ['a', 'b'], jwtAlgorithms: ['RS256', 'ES256'] });
  });
});

it('"serve token" takes a user and a role', async () => {
  const taken: unknown[] = [];
  const serve = withAuthOptions(new Command('serve')).exitOverride();
  registerToken(serve, (load) => async (flags) => {
    expect(await load()).toBeTypeOf('function');
    taken.push(flags);
  });
  await serve.parseAsync(['token', '--user', 'A B', '--role', 'operator'], { from: 'user' });
  expect(taken).toEqual([{ user: 'A B', role: 'operator' } satisfies TokenFlags]);
});
