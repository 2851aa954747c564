import { Problem } from './problem.js';

export interface ForeignRules {
  /** It listens on a loopback address alone: no other name leads there rightly. */
  readonly onLoopback: boolean;
  /** Other names that lead there, such as that of a proxy; in lower case, without a port. */
  readonly hosts: ReadonlySet<string>;
  /** Pages of these origins may ask, too. */
  readonly origins: ReadonlySet<string>;
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what a page of somebody else makes a browser ask: a name that was bent to a loopback address (DNS
 * rebinding), and a write whose page comes from another origin.
 *
 * @throws Problem 403, 421
 */
export function refuseForeign(request: Request, rules: ForeignRules): void {
  // A request target that is a whole URL names the host, whatever the header says (RFC 9112, 3.2.2).
  const { host } = new URL(request.url);
  const name = host.replace(/:\d*$/, '');
  if (rules.onLoopback && !LOOPBACK_NAMES.has(name) && !rules.hosts.has(name)) {
    throw new Problem(
      421,
      'foreign-host',
      'This server does not go by that name',
      `It listens on a loopback address and was asked as ${JSON.stringify(host.slice(0, 300))}. Name it with --allow-host.`,
    );
  }
  if (READS.has(request.method)) return;
  const origin = request.headers.get('origin');
  const isOwn =
    origin === null ? isSameSite(request) : originHost(origin) === host || rules.origins.has(origin);
  if (!isOwn) {
    throw new Problem(
      403,
      'foreign-origin',
      'A page of another origin may not ask this',
      'Allow its origin with --allow-origin.',
    );
  }
}

/** Where a browser leaves `Origin` out it still says this; whatever is no browser says neither. */
function isSameSite(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  return site === null || site === 'same-origin' || site === 'none';
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
