import { messageOf, usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { isLoopback, isNetwork, Networks } from '../../serve/auth/addresses.js';
import { HeaderAuthenticator } from '../../serve/auth/header-authenticator.js';
import type { Authenticator } from '../../serve/auth/identity.js';
import { OPEN_HEADER, OpenAuthenticator } from '../../serve/auth/open-authenticator.js';
import { TokensAuthenticator } from '../../serve/auth/tokens/tokens-authenticator.js';
import { parseTokens, unsafeMode } from '../../serve/auth/tokens/tokens-file.js';
import { WatchedFile } from '../../serve/auth/watched-file.js';
import type { AuthFlags, AuthMode } from './auth-flags.js';
import { jwtFrom } from './jwt-from.js';

export interface AuthDeps {
  readonly names: Names;
  readonly clock: Clock;
  /** The address that the server is to listen on. */
  readonly host: string;
  warn(text: string): void;
}

/** Which flags belong to which way, by their names here. */
const FLAGS_OF: Readonly<Record<AuthMode, Partial<Record<keyof AuthFlags, string>>>> = {
  jwt: {
    jwks: '--jwks',
    jwtIssuer: '--jwt-issuer',
    jwtAnyIssuer: '--jwt-any-issuer',
    jwtAudience: '--jwt-audience',
    jwtAnyAudience: '--jwt-any-audience',
    jwtAlgorithms: '--jwt-algorithms',
    jwtLeeway: '--jwt-leeway',
    userClaim: '--user-claim',
    tenantClaim: '--tenant-claim',
    rolesClaim: '--roles-claim',
  },
  header: {
    trustedProxy: '--trusted-proxy',
    userHeader: '--user-header',
    tenantHeader: '--tenant-header',
    rolesHeader: '--roles-header',
  },
  tokens: { tokensFile: '--tokens-file' },
  none: {},
};

const FROM: Readonly<Record<AuthMode, (flags: AuthFlags, deps: AuthDeps) => Promise<Authenticator>>> = {
  jwt: jwtFrom,
  header: headerFrom,
  tokens: tokensFrom,
  none: noneFrom,
};

/** What makes sure who asks. Its `close` ends what it has begun. */
export async function authenticatorFrom(flags: AuthFlags, deps: AuthDeps): Promise<Authenticator> {
  const mode = flags.auth ?? 'none';
  for (const [other, names] of Object.entries(FLAGS_OF)) {
    const flag = Object.entries(names).find(([key]) => flags[key as keyof AuthFlags] !== undefined)?.[1];
    if (other === mode || flag === undefined) continue;
    throw usageError('AUTH_FLAG_OF_ANOTHER', `${flag} is for --auth ${other}, and this is --auth ${mode}`, {
      hint: `Say --auth ${other}, or leave ${flag} out.`,
    });
  }
  return FROM[mode](flags, deps);
}

async function headerFrom(flags: AuthFlags, { names, warn }: AuthDeps): Promise<Authenticator> {
  const { trustedProxy = [], userHeader = 'X-Forwarded-User', rolesHeader, tenantHeader } = flags;
  if (trustedProxy.length === 0) {
    throw usageError(
      'NO_TRUSTED_PROXY',
      '--auth header needs --trusted-proxy: else anybody could be any user',
      {
        hint: 'Name the address of your proxy, such as --trusted-proxy 10.0.0.5 or --trusted-proxy 10.0.0.0/24.',
      },
    );
  }
  for (const network of trustedProxy) {
    if (isNetwork(network)) continue;
    throw usageError('BAD_NETWORK', `--trusted-proxy: "${network}" is not an address or a network`, {
      hint: 'Write one such as 10.0.0.5, 10.0.0.0/24 or fd00::/8. A name of a host is none.',
    });
  }
  const named = {
    '--user-header': userHeader,
    '--roles-header': rolesHeader,
    '--tenant-header': tenantHeader,
  };
  for (const [flag, name] of Object.entries(named)) {
    if (name === undefined || /^[\w!#$%&'*+.^`|~-]+$/.test(name)) continue;
    throw usageError('BAD_HEADER_NAME', `${flag}: "${name}" cannot be the name of a header`, {
      hint: 'Write one such as X-Forwarded-User.',
    });
  }
  const proxies = new Networks(trustedProxy);
  if (proxies.everybody) {
    warn('--trusted-proxy names every address: whoever reaches this server may be any user');
  }
  return new HeaderAuthenticator(
    { user: userHeader, roles: rolesHeader, tenant: tenantHeader },
    proxies,
    names,
  );
}

async function tokensFrom({ tokensFile }: AuthFlags, deps: AuthDeps): Promise<Authenticator> {
  if (tokensFile === undefined) {
    throw usageError('NO_TOKENS_FILE', '--auth tokens needs --tokens-file', {
      hint: 'Make a line for it with: fairq serve token --user NAME',
    });
  }
  const parse = (text: string, mode: number) => {
    const tokens = parseTokens(text);
    const unsafe = unsafeMode(mode);
    if (unsafe !== undefined) deps.warn(`--tokens-file ${tokensFile}: ${unsafe}`);
    if (tokens.length === 0)
      deps.warn(`--tokens-file ${tokensFile}: there is no token in it: nobody is let in`);
    return tokens;
  };
  try {
    return new TokensAuthenticator(await WatchedFile.open(tokensFile, parse, deps), deps.names);
  } catch (error) {
    throw usageError('TOKENS_NOT_READ', `--tokens-file ${tokensFile}: ${messageOf(error)}`, {
      hint: 'Name a readable file with a line for each token, as "fairq serve token --user NAME" prints it.',
      cause: error,
    });
  }
}

async function noneFrom({ auth }: AuthFlags, { host, names, warn }: AuthDeps): Promise<Authenticator> {
  if (!isLoopback(host)) {
    const how = auth === undefined ? 'without --auth' : 'with --auth none';
    throw usageError('OPEN_TO_OTHERS', `${host} can be reached by others, and ${how} they may be any user`, {
      hint: 'Say --auth jwt, --auth header or --auth tokens, or listen on 127.0.0.1.',
    });
  }
  warn(
    `nobody is asked who they are: whoever is on this machine may be any user (${OPEN_HEADER}) and operator; --auth jwt, header or tokens changes that`,
  );
  return new OpenAuthenticator(names);
}
