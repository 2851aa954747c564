import { type FairqError, messageOf, refusedError } from '../../core/errors/errors.js';
import { asRefusal, brokersWords, missingRight } from './broker-said.js';
import { replyCode } from './connection.js';

export { brokersWords };

const OWN_NAMES = 'names that start with the prefix';

/** What the broker's no means, and what to do about it; what is no refusal stays as it is. */
export function explainRefusal(error: unknown, what: string, permission = OWN_NAMES): Error {
  switch (replyCode(error)) {
    case 403:
      return (
        missingRight(error) ??
        refusedError('NO_PERMISSION', `the broker does not let this user use ${what}`, {
          hint: `Give the user configure, write and read permission on ${permission}.`,
          cause: error,
        })
      );
    case 406:
      return explainPrecondition(error, what);
    case undefined:
      return asRefusal(error) ?? (error instanceof Error ? error : new Error(messageOf(error)));
    default:
      return refusedError('BROKER_REFUSED', `the broker refused ${what}: ${brokersWords(error)}`, {
        cause: error,
      });
  }
}

/** With a 406 the broker says more than one thing: it is there and is another, a limit is reached, an argument is wrong. */
function explainPrecondition(error: unknown, what: string): FairqError {
  const words = brokersWords(error);
  const limit = mendOfLimit(words);
  if (limit !== undefined) {
    return refusedError('LIMIT_REACHED', `the broker refused ${what}: ${words}`, {
      hint: limit,
      cause: error,
    });
  }
  if (/\binequivalent\b/.test(words)) {
    return refusedError('OTHER_ARGUMENTS', `${what} exists already and is of another kind: ${words}`, {
      hint: 'It was made by another program or with other settings: choose another --prefix, or remove it.',
      cause: error,
    });
  }
  return refusedError('BROKER_REFUSED', `the broker refused ${what}: ${words}`, { cause: error });
}

/** What to do where the broker says that a limit is reached; undefined where it says something else. */
export function mendOfLimit(words: string): string | undefined {
  if (/queue limit in vhost/.test(words)) {
    return `Prune queues (fairq queues prune), share them (--group-by), or raise the limit: rabbitmqctl set_vhost_limits -p VHOST '{"max-queues": N}'.`;
  }
  if (/queue limit/.test(words)) {
    return 'Prune queues (fairq queues prune), share them (--group-by), or raise cluster_queue_limit in rabbitmq.conf.';
  }
  if (/user limit/.test(words)) {
    return `Raise the limit: rabbitmqctl set_user_limits USER '{"max-connections": N, "max-channels": N}'.`;
  }
  return undefined;
}
