import { usageError } from '../core/errors/errors.js';

/** Whose address it is. */
export type Whose = 'broker' | 'management API';

/** A part of the address. What is wrong with it is not shown: it may be a password. */
export function decoded(text: string, part: 'user' | 'password' | 'vhost', of: Whose = 'broker'): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw usageError(
      'BAD_URI',
      `the ${part} in the address of the ${of} has a "%" that is not percent-encoding`,
      {
        hint: 'Write % as %25, or give the password in FAIRQ_PASSWORD or --password-file.',
        cause: error,
      },
    );
  }
}

/**
 * A password with / ? or # in it ends the host where nobody meant it: what is taken for the host is the user then, and the
 * rest of the password shows up in messages.
 */
export function checkUserInfo(value: string, of: Whose = 'broker'): void {
  const rest = value.replace(/^[a-z]+:\/\//i, '');
  const at = rest.lastIndexOf('@');
  if (at < 0 || !/[/?#]/.test(rest.slice(0, at))) return;
  // An @ after a host without a port is a part of the vhost's name.
  const host = rest.slice(0, rest.search(/[/?#]/));
  if (host.includes('@') || !host.includes(':')) return;
  throw usageError('BAD_URI', `the user or the password in the address of the ${of} has a "/", "?" or "#"`, {
    hint: 'Percent-encode it (/ is %2F, ? is %3F, # is %23, and an @ in a vhost is %40), or give the password in FAIRQ_PASSWORD or --password-file.',
  });
}
