import { type FairqError, messageOf, refusedError, unreachableError } from '../../core/errors/errors.js';
import { type BrokerAddress, showAddress } from './address.js';
import { explainTlsFailure } from './tls-failure.js';

/** Why a first connection did not come about, and what to do about it. */
export function explainConnectFailure(error: unknown, address: BrokerAddress): FairqError {
  const where = showAddress(address);
  const text = messageOf(error);
  if (/ACCESS[_-]REFUSED|\b403\b/.test(text)) {
    return refusedError('LOGIN_REFUSED', `${where} refused the login of user "${address.username}"`, {
      hint: 'Check the user and the password (--username, --password-file, or the URI), and that the user may log in from this host: "guest" may only from localhost.',
      cause: error,
    });
  }
  // After the login is accepted the broker closes the connection for the vhost or for a limit of connections (530), and
  // amqplib keeps that frame, with the broker's words, to itself.
  if (/vhost|got <ConnectionClose/i.test(text)) {
    return refusedError(
      'NO_VHOST',
      `${where} has no vhost "${address.vhost}", or user "${address.username}" may not use it, or one of them has as many connections as it may have`,
      {
        hint: `The broker's log says which. Name another with --vhost, make it (rabbitmqctl add_vhost '${address.vhost}'), or look at its limits (rabbitmqctl list_vhost_limits, list_user_limits).`,
        cause: error,
      },
    );
  }
  const tlsFailure = explainTlsFailure(error, where, address.tls);
  if (tlsFailure) return tlsFailure;
  return unreachableError('BROKER_UNREACHABLE', `no broker answers at ${where}: ${text}`, {
    hint: 'Start one of your own with "fairq broker start", or name another address with --uri or FAIRQ_URI.',
    cause: error,
  });
}
