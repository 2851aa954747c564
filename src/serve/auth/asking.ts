import type { IncomingMessage } from 'node:http';
import { type Asking, Unauthenticated } from './identity.js';

/**
 * What a request says of who asks. Node joins a header that came twice, or drops one of the two, and each would let
 * a client speak for a proxy that only adds its own. So a header that comes twice is refused.
 */
export function askingOf(request: IncomingMessage): Asking {
  return {
    peer: request.socket.remoteAddress ?? '',
    header(name) {
      const values = request.headersDistinct[name.toLowerCase()] ?? [];
      if (values.length > 1) {
        throw new Unauthenticated(`the header ${name} came ${values.length} times, and may come once`);
      }
      return values[0];
    },
  };
}

/** It keeps U+FEFF, which is part of a name. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a header, which is UTF-8. Nothing is percent-decoded: a proxy sends a user as it is, and a user may
 * have a percent sign in its name.
 *
 * @throws Unauthenticated where the header is not UTF-8
 */
export function headerText(asking: Asking, name: string, scheme: string): string | undefined {
  const value = asking.header(name);
  if (value === undefined) return undefined;
  try {
    return decoder.decode(Buffer.from(value, 'latin1'));
  } catch {
    throw new Unauthenticated(`the header ${name} is not UTF-8`, scheme);
  }
}
