import { messageOf, refusedError } from '../errors.js';
import { replyCode } from './connection.js';

const OWN_NAMES = 'names that start with the prefix';

/** What the broker's no means, and what to do about it; what is no refusal stays as it is. */
export function explainRefusal(error: unknown, what: string, permission = OWN_NAMES): Error {
  switch (replyCode(error)) {
    case 403:
      return refusedError('NO_PERMISSION', `the broker does not let this user use ${what}`, {
        hint: `Give the user configure, write and read permission on ${permission}.`,
        cause: error,
      });
    case 406:
      return refusedError('OTHER_ARGUMENTS', `${what} exists already and is of another kind`, {
        hint: 'It was made by another program or with other settings: choose another --prefix, or remove it.',
        cause: error,
      });
    case undefined:
      return error instanceof Error ? error : new Error(messageOf(error));
    default:
      return refusedError('BROKER_REFUSED', `the broker refused ${what}: ${messageOf(error)}`, {
        cause: error,
      });
  }
}
