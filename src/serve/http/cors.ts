/** What a page of an allowed origin may say with a request. */
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'prefer',
  'traceparent',
  'tracestate',
  'x-fairq-user',
].join(', ');
/** What it may read of an answer, beside what every page may. */
const ANSWER_HEADERS = ['etag', 'location', 'preference-applied', 'retry-after', 'www-authenticate'].join(
  ', ',
);
/** How long a browser keeps what it was told; seconds. */
const KEPT_SECONDS = '600';

/** What a browser asks before it lets a page of another origin ask. */
export function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
}

/** Lets pages of some origins read answers: those that were named, and no others. */
export class Cors {
  constructor(private readonly origins: ReadonlySet<string>) {}

  /** Undefined for a request that no page of such an origin has made. */
  originOf(request: Request): string | undefined {
    const origin = request.headers.get('origin');
    return origin !== null && this.origins.has(origin) ? origin : undefined;
  }

  /** Says who may read the answer. */
  mark(request: Request, response: Response): void {
    if (this.origins.size === 0) return;
    const { headers } = response;
    headers.append('vary', 'origin');
    const origin = this.originOf(request);
    if (origin === undefined) return;
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-allow-credentials', 'true');
    headers.set('access-control-expose-headers', ANSWER_HEADERS);
  }

  /** What a preflight is told. @param methods of the path that is asked for */
  permission(methods: readonly string[]): Record<string, string> {
    return {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': KEPT_SECONDS,
    };
  }
}
