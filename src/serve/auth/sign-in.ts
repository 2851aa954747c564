import { type Asking, type Authenticator, type Identity, Unauthenticated } from './identity.js';
import { OPEN_HEADER } from './open-authenticator.js';

/**
 * What a browser keeps of who has signed in: what a program would say in a header, in a cookie that no script can read
 * and that no page of another site has sent along. It holds for as long as the token does, at every server.
 */
const KEPT_SECONDS = 30 * 86_400;
/** Browsers drop a longer cookie, and say nothing. */
const MOST_BYTES = 3_500;
/** RFC 6265: a value without quotes. */
const VALUE = /^[\w-]+$/;

/** Whoever asks is who the cookie says, where the request itself says nothing. */
export function identifySigned(authenticator: Authenticator, asking: Asking): Promise<Identity> {
  const secret = secretOf(asking);
  return authenticator.identify(secret === undefined ? asking : saying(asking, authenticator, secret));
}

/** @throws Unauthenticated where this is nobody's secret */
export function identifyBy(authenticator: Authenticator, asking: Asking, secret: string): Promise<Identity> {
  return authenticator.identify(saying(asking, authenticator, secret, true));
}

/** The header that a browser keeps it by. @throws Unauthenticated where no browser would */
export function cookieOf(request: Request, asking: Asking, secret: string): string {
  const value = Buffer.from(secret, 'utf8').toString('base64url');
  if (value.length > MOST_BYTES) {
    throw new Unauthenticated(`the token is longer than a browser keeps: ${MOST_BYTES} bytes, as base64`);
  }
  return cookie(request, asking, value, KEPT_SECONDS);
}

/** The header that makes a browser forget it. */
export function forgottenCookie(request: Request, asking: Asking): string {
  return cookie(request, asking, '', 0);
}

function cookie(request: Request, asking: Asking, value: string, seconds: number): string {
  const isSecure = request.url.startsWith('https:') || asking.header('x-forwarded-proto') === 'https';
  const secure = isSecure ? '; Secure' : '';
  return `${nameOf(asking)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** A cookie goes to all ports of a host, and each may have a server of its own. */
function nameOf(asking: Asking): string {
  const port = /:(\d+)$/.exec(asking.header('host') ?? '')?.[1];
  return port === undefined ? 'fairq' : `fairq-${port}`;
}

function secretOf(asking: Asking): string | undefined {
  const name = nameOf(asking);
  for (const pair of (asking.header('cookie') ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2);
    if (key === name && VALUE.test(value)) return Buffer.from(value, 'base64url').toString('utf8');
  }
  return undefined;
}

/** @param isOnly what the request itself says does not count */
function saying(asking: Asking, { signIn }: Authenticator, secret: string, isOnly = false): Asking {
  const [header, value] =
    signIn === 'name'
      ? [OPEN_HEADER.toLowerCase(), Buffer.from(secret, 'utf8').toString('latin1')]
      : ['authorization', `Bearer ${secret}`];
  if (signIn === 'proxy') return asking;
  return {
    peer: asking.peer,
    header: (name) => {
      if (name.toLowerCase() !== header) return asking.header(name);
      return (isOnly ? undefined : asking.header(name)) ?? value;
    },
  };
}
