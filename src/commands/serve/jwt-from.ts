import { messageOf, usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { isLoopback } from '../../serve/auth/addresses.js';
import type { Authenticator } from '../../serve/auth/identity.js';
import { ASYMMETRIC, isAlgorithm, isSymmetric } from '../../serve/auth/jwt/algorithms.js';
import { FileKeys } from '../../serve/auth/jwt/file-keys.js';
import { JwtAuthenticator } from '../../serve/auth/jwt/jwt-authenticator.js';
import { type KeySet, parseKeySet } from '../../serve/auth/jwt/key-set.js';
import type { Keys } from '../../serve/auth/jwt/keys.js';
import { UrlKeys } from '../../serve/auth/jwt/url-keys.js';
import { WatchedFile } from '../../serve/auth/watched-file.js';
import type { AuthFlags } from './auth-flags.js';

interface JwtDeps {
  readonly names: Names;
  readonly clock: Clock;
  warn(text: string): void;
}

const LEEWAY_MS = 30_000;
const MOST_LEEWAY_MS = 600_000;

/** `--auth jwt`: tokens that somebody else has signed. */
export async function jwtFrom(flags: AuthFlags, deps: JwtDeps): Promise<Authenticator> {
  const { jwks, userClaim = 'sub', rolesClaim = 'roles', tenantClaim, jwtLeeway = LEEWAY_MS } = flags;
  if (jwks === undefined) {
    throw usageError('NO_KEYS', '--auth jwt needs --jwks: the keys that tokens are signed with', {
      hint: 'Name the URL that your identity provider publishes as "jwks_uri", or a file.',
    });
  }
  if (jwtLeeway > MOST_LEEWAY_MS) {
    throw usageError('BAD_LEEWAY', '--jwt-leeway: tokens would count for more than 10m after their end', {
      hint: 'Give 10m at most, and set the clocks.',
    });
  }
  const issuers = allowed('--jwt-issuer', flags.jwtIssuer, '--jwt-any-issuer', flags.jwtAnyIssuer);
  const audiences = allowed('--jwt-audience', flags.jwtAudience, '--jwt-any-audience', flags.jwtAnyAudience);
  const algorithms = algorithmsFrom(flags.jwtAlgorithms);
  const keys = await keysFrom(jwks, algorithms, deps);
  const leewaySeconds = jwtLeeway / 1_000;
  const rules = { issuers, audiences, algorithms, leewaySeconds, userClaim, tenantClaim, rolesClaim };
  return new JwtAuthenticator(rules, keys, deps.names);
}

/** Undefined for any. Nobody gets that by leaving a flag out: a token for another service would do here. */
function allowed(
  flag: string,
  values: string[] | undefined,
  anyFlag: string,
  any: boolean | undefined,
): string[] | undefined {
  if (any && values !== undefined) {
    throw usageError('JWT_ANY_AND_SOME', `${flag} and ${anyFlag} contradict each other`, {
      hint: 'Say one.',
    });
  }
  if (any) return undefined;
  if (values?.every((value) => value !== '')) return values;
  const what = flag === '--jwt-issuer' ? 'who may issue tokens' : 'for whom tokens have to be';
  throw usageError('JWT_UNCHECKED', `--auth jwt needs ${flag}: ${what}`, {
    hint: `Name it as the tokens do, or say ${anyFlag} where the keys sign tokens for nothing else.`,
  });
}

function algorithmsFrom(named: string[] | undefined): readonly string[] {
  const unknown = named?.find((name) => !isAlgorithm(name));
  if (unknown === undefined) return named ?? ASYMMETRIC;
  throw usageError(
    'BAD_ALGORITHM',
    `--jwt-algorithms: "${unknown}" is not an algorithm that can be allowed`,
    {
      hint: `Name some of ${[...ASYMMETRIC, 'HS256', 'HS384', 'HS512'].join(', ')}.`,
    },
  );
}

async function keysFrom(jwks: string, algorithms: readonly string[], deps: JwtDeps): Promise<Keys> {
  const parse = (text: string): KeySet => {
    const keys = parseKeySet(text, algorithms);
    for (const one of keys.leftOut) deps.warn(`--jwks ${jwks}: ${one}`);
    if (keys.size === 0)
      deps.warn(`--jwks ${jwks}: there is no key in it that can be used: no token is taken`);
    return keys;
  };
  if (!/^https?:/i.test(jwks)) return fileKeys(jwks, parse, deps);
  checkUrl(jwks, algorithms);
  return UrlKeys.open(jwks, parse, deps);
}

async function fileKeys(path: string, parse: (text: string) => KeySet, deps: JwtDeps): Promise<Keys> {
  try {
    return new FileKeys(await WatchedFile.open(path, parse, deps));
  } catch (error) {
    throw usageError('KEYS_NOT_READ', `--jwks ${path}: ${messageOf(error)}`, {
      hint: 'Name a readable file that holds a JSON Web Key Set, or a URL that begins with https://.',
      cause: error,
    });
  }
}

function checkUrl(text: string, algorithms: readonly string[]): void {
  const wrong = wrongWithUrl(text);
  if (wrong !== undefined) {
    throw usageError('BAD_KEYS_URL', `--jwks: ${wrong}`, {
      hint: 'Name a URL that begins with https://. http:// will do on this machine alone, such as http://127.0.0.1:8080/keys.',
    });
  }
  const symmetric = algorithms.find(isSymmetric);
  if (symmetric === undefined) return;
  throw usageError(
    'SECRET_FROM_URL',
    `--jwt-algorithms: ${symmetric} needs a secret key, and a URL is not secret`,
    {
      hint: 'Name a file in --jwks that holds the key, and that nobody else may read.',
    },
  );
}

/** A URL that holds a password is not shown. */
function wrongWithUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL`;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '')
    return 'the URL has a user or a password in it, and keys are public';
  if (protocol === 'https:' || isLoopback(hostname)) return undefined;
  return `${text} is not encrypted: whoever is on the way could put their own keys there`;
}
