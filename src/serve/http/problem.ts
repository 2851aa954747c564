/** What begins the `type` of every problem; the rest is stable, and listed in docs/http.md. */
const TYPE = 'urn:fairq:problem:';

export interface ProblemDetails {
  /** In the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the document beside those of RFC 9457. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Why a request is not answered as it was meant: problem details of RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';

  /**
   * @param slug  what happened, in a word that stays the same
   * @param title the same for people, without what is particular to this request
   */
  constructor(
    readonly status: number,
    readonly slug: string,
    readonly title: string,
    readonly detail?: string,
    readonly details: ProblemDetails = {},
  ) {
    super(detail ?? title, details.cause === undefined ? undefined : { cause: details.cause });
  }

  document(): Record<string, unknown> {
    const { status, slug, title, detail, details } = this;
    return {
      type: TYPE + slug,
      title,
      status,
      ...(detail !== undefined && { detail }),
      ...details.more,
    };
  }

  response(): Response {
    const { retryAfterSeconds, headers } = this.details;
    return new Response(`${JSON.stringify(this.document())}\n`, {
      status: this.status,
      headers: {
        'content-type': 'application/problem+json',
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
        ...headers,
      },
    });
  }
}

export function serverEnds(): Problem {
  return new Problem(503, 'ending', 'The server ends', 'Ask another one, or this one again.', {
    retryAfterSeconds: 1,
    headers: { connection: 'close' },
  });
}

export function noSuchTask(): Problem {
  return new Problem(404, 'no-such-task', 'Nobody has heard of this task', 'It may be of somebody else.');
}
