import { chmod, rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { authenticatorFrom } from '../../../../src/commands/serve/auth-from.js';
import { token } from '../../../../src/commands/serve/token-action.js';
import type { TokenFlags } from '../../../../src/commands/serve/token-command.js';
import type { Context } from '../../../../src/commands/shared/context.js';
import type { Authenticator } from '../../../../src/serve/auth/identity.js';
import { parseTokens } from '../../../../src/serve/auth/tokens/tokens-file.js';
import { askedOverHttp, asking, bearing, NAMES, refusalOf, StandingClock } from '../../../support/asking.js';
import { useFolder } from '../../../support/folder.js';

const folder = useFolder();
const clock = new StandingClock();
let warnings: string[] = [];

interface Made {
  readonly token: string;
  readonly line: string;
}

async function made(flags: TokenFlags): Promise<Made> {
  const context = { config: async () => ({ names: NAMES }) } as unknown as Context;
  return (await token(flags, context)).document as unknown as Made;
}

async function opened(text: string, mode = 0o600): Promise<Authenticator> {
  const tokensFile = folder.file('tokens');
  await writeFile(tokensFile, text);
  await chmod(tokensFile, mode);
  warnings = [];
  const warn = (warning: string) => warnings.push(warning.replace(`--tokens-file ${tokensFile}: `, ''));
  return authenticatorFrom({ auth: 'tokens', tokensFile }, { names: NAMES, clock, host: '0.0.0.0', warn });
}

it('a token that was made lets in its user, and its line does not show it', async () => {
  const [a, boss] = [
    await made({ user: 'A, "the first"\n' }),
    await made({ user: 'boss', role: 'operator', tenant: 'Acme', note: 'night shift' }),
  ];
  const auth = await opened(`# ours\n\n${a.line}\r\n${boss.line}`);
  expect(await auth.identify(bearing(a.token))).toEqual({
    user: 'A, "the first"\n',
    roles: new Set(['user']),
  });
  expect(await askedOverHttp(auth, { authorization: `Bearer ${boss.token}` })).toEqual({
    user: 'boss',
    tenant: 'Acme',
    roles: new Set(['user', 'viewer', 'operator']),
  });
  expect(a.token).toMatch(/^fairq_[\w-]{43}$/);
  expect(a.line).not.toContain(a.token.slice(6));
  expect(a.token).not.toBe((await made({ user: 'A' })).token);
  expect(warnings).toEqual([]);
});

it('any other token is refused: part of one, one with more, its hash', async () => {
  const a = await made({ user: 'A' });
  const auth = await opened(a.line);
  const hash = JSON.parse(a.line).sha256;
  const other = await made({ user: 'A' });
  for (const wrong of [a.token.slice(0, -1), `${a.token}A`, a.token.toUpperCase(), hash, other.token]) {
    expect(await refusalOf(auth, bearing(wrong))).toBe('the token is not known');
  }
  expect(await refusalOf(auth, asking({}))).toMatch(/^there is no token/);
  const twice = { authorization: [`Bearer ${a.token}`, `Bearer ${other.token}`] };
  expect(await askedOverHttp(auth, twice)).toBe('the header authorization came 2 times, and may come once');
  expect(await refusalOf(auth, asking({ 'X-Forwarded-User': 'A', 'X-Fairq-User': 'A' }))).toMatch(
    /^there is no token/,
  );
});

it('a file that has changed is read again, and one that is broken or gone changes nothing', async () => {
  const [a, b] = [await made({ user: 'A' }), await made({ user: 'B' })];
  const path = folder.file('tokens');
  const auth = await opened(`${a.line}\n`);
  const unknown = 'the token is not known';
  expect(await refusalOf(auth, bearing(b.token))).toBe(unknown);

  await writeFile(path, `${a.line}\n${b.line}\n`);
  clock.advance(1_000);
  expect(await auth.identify(bearing(b.token))).toMatchObject({ user: 'B' });

  await writeFile(path, `${b.line}\n{"user": "C", "sha256": "secret"}\n`);
  for (let i = 0; i < 3; i++) {
    clock.advance(1_000);
    expect(await auth.identify(bearing(a.token))).toMatchObject({ user: 'A' });
  }
  expect(warnings).toEqual([
    expect.stringMatching(
      /line 2: sha256 is not 64 hexadecimal digits in lower case; what was read before still counts$/,
    ),
  ]);

  await rm(path);
  clock.advance(1_000);
  expect(await auth.identify(bearing(a.token))).toMatchObject({ user: 'A' });
  expect(warnings).toHaveLength(2);

  await writeFile(path, `${b.line}\n`, { mode: 0o600 });
  clock.advance(1_000);
  expect(await refusalOf(auth, bearing(a.token))).toBe(unknown);
  expect(await auth.identify(bearing(b.token))).toMatchObject({ user: 'B' });
});

it.each([
  ['644', 'every user of this machine may read it: chmod 600'],
  ['666', 'others may write it, and give themselves any role: chmod 600'],
  ['620', 'others may write it, and give themselves any role: chmod 600'],
])('a file with mode %s is warned of', async (mode, warning) => {
  await opened((await made({ user: 'A' })).line, Number.parseInt(mode, 8));
  expect(warnings).toEqual([warning]);
});

it('a file without a token is warned of', async () => {
  const auth = await opened('# nobody yet\n');
  expect(warnings).toEqual(['there is no token in it: nobody is let in']);
  expect(await refusalOf(auth, bearing('fairq_x'))).toBe('the token is not known');
});

const SHA = '0'.repeat(64);
it.each([
  ['{"user": "A"', 'line 1 is not JSON'],
  ['A operator sha256:00', 'line 1 is not JSON'],
  [`{"sha256": "${SHA}"}`, 'line 1: user '],
  [`{"user": "", "sha256": "${SHA}"}`, 'line 1: user '],
  [`{"user": 7, "sha256": "${SHA}"}`, 'line 1: user '],
  [`{"user": "A", "sha256": "${SHA.slice(1)}"}`, 'line 1: sha256 is not 64'],
  [`{"user": "A", "sha256": "${SHA}", "roles": ["operater"]}`, 'line 1: roles.0 is not one of user, viewer'],
  [`{"user": "A", "sha256": "${SHA}", "role": "operator"}`, 'line 1:  Unrecognized key: "role"'],
  [
    `\n{"user": "A", "sha256": "${SHA}"}\n{"user": "B", "sha256": "${SHA}"}`,
    'line 3 has the same token as line 2',
  ],
])('a file with %j is refused', (text, why) => {
  expect(() => parseTokens(text)).toThrow(why);
});

it('no token is made for a user that cannot be', async () => {
  await expect(made({ user: '' })).rejects.toMatchObject({ code: 'EMPTY_USER' });
  await expect(made({ user: 'u'.repeat(300) })).rejects.toMatchObject({ code: 'USER_TOO_LONG' });
});
