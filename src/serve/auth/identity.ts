/** What somebody may do: see to their own tasks, look at everybody's, or act on everybody's. */
export type Role = 'user' | 'viewer' | 'operator';

/** Who asks. Each part is text from outside: data, and never part of a page or a header without a check. */
export interface Identity {
  readonly user: string;
  /** Carried along; nothing is decided by it. */
  readonly tenant?: string;
  readonly roles: ReadonlySet<Role>;
}

/** A request, as far as it says who asks. `askingOf` makes it. */
export interface Asking {
  /**
   * A header as it came: Node makes a Latin-1 character of each byte. Names have no case.
   *
   * @throws Unauthenticated where the header came more than once
   */
  header(name: string): string | undefined;
  /** The socket's remote address; empty where the socket has gone. */
  readonly peer: string;
}

/**
 * How a person signs in, in a browser: with a token that is typed once, with a name alone, or not at all, since a proxy
 * in front has seen to it.
 */
export type SignIn = 'token' | 'name' | 'proxy';

export interface Authenticator {
  readonly signIn: SignIn;
  /** @throws Unauthenticated */
  identify(asking: Asking): Promise<Identity>;
  close?(): Promise<void>;
}

/** Nobody is let in by this request (401). */
export class Unauthenticated extends Error {
  override readonly name: string = 'Unauthenticated';

  /**
   * @param reason which check failed, without the token. It may show the beginning of a user: it is for a body alone
   * @param scheme the value of WWW-Authenticate, safe as it is
   */
  constructor(
    readonly reason: string,
    readonly scheme?: string,
  ) {
    super(reason);
  }
}

/** Nobody can be let in before keys have come (503, or 401 as for any other reason). */
export class KeysUnavailable extends Unauthenticated {
  override readonly name = 'KeysUnavailable';

  constructor(
    reason: string,
    readonly retryAfterSeconds: number,
    scheme?: string,
  ) {
    super(reason, scheme);
  }
}
