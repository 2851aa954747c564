import { type FairqError, messageOf, refusedError, unreachableError } from '../../core/errors/errors.js';
import type { TlsOptions } from './address.js';

/** How Node names what is wrong with a certificate: OpenSSL's reasons, and its own for the host name. */
const NO_TRUST =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|ERROR_IN_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_CERT_)/;
/** The other side wants a certificate: TLS 1.3 has an alert for it, and before that it was any failure. */
const WANTS_CERTIFICATE = /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|NO_CERTIFICATE)/;
const REFUSES_CERTIFICATE =
  /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED|DECRYPT_ERROR)/;
/** What came back is no TLS record. */
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;

const NAME_THE_CERTIFICATE =
  'Name it with --tls-cert-file and its key with --tls-key-file; the broker has to know the authority that signed it.';

/**
 * What it means that the other side speaks another protocol than we do, or that one side does not trust
 * the other; undefined for a failure of any other kind.
 *
 * @param where for messages: an address with its protocol, which may be amqp, amqps, http or https
 */
export function explainTlsFailure(error: unknown, where: string, tls: TlsOptions): FairqError | undefined {
  return /^(amqps|https):/.test(where) ? explainTls(error, where, tls) : explainPlain(error, where);
}

function explainTls(error: unknown, where: string, tls: TlsOptions): FairqError | undefined {
  const code = codeOf(error);
  const reason = reasonOf(error);
  if (NO_TRUST.test(code)) {
    return refusedError('TLS_NO_TRUST', `no trust in the certificate of ${where}: ${reason}`, {
      hint: hintForNoTrust(code),
      cause: error,
    });
  }
  if (NO_TLS.test(code)) {
    const [plain, port] = where.startsWith('amqps') ? ['amqp', '5672'] : ['http', '15672'];
    return unreachableError('NO_TLS', `what answers at ${where} does not speak TLS`, {
      hint: `Name its TLS port; or write ${plain}:// (port ${port}, if nobody has changed it) to go without TLS.`,
      cause: error,
    });
  }
  if (tls.cert === undefined && WANTS_CERTIFICATE.test(code)) {
    return refusedError('NO_CLIENT_CERTIFICATE', `${where} asks for a client certificate: ${reason}`, {
      hint: NAME_THE_CERTIFICATE,
      cause: error,
    });
  }
  if (tls.cert !== undefined && REFUSES_CERTIFICATE.test(code)) {
    return refusedError(
      'CLIENT_CERTIFICATE_REFUSED',
      `${where} does not take the client certificate: ${reason}`,
      {
        hint: 'Look at who signed it and until when it is valid, and at the log of the broker.',
        cause: error,
      },
    );
  }
  if (/^ERR_(SSL|OSSL)_/.test(code)) {
    return refusedError('TLS_FAILED', `TLS with ${where} did not come about: ${reason}`, {
      hint: 'Look at the log of the broker, and at the versions and ciphers that it allows.',
      cause: error,
    });
  }
  if (isCut(error)) {
    // In TLS 1.3 the client is done before the server has looked at its certificate, so that a refusal
    // may come as nothing but the end of the connection.
    return unreachableError('CUT_OFF', `${where} ended the connection without an answer`, {
      hint:
        tls.cert === undefined
          ? `It may ask for a client certificate. ${NAME_THE_CERTIFICATE} Else look at the log of the broker.`
          : 'It may not take the client certificate: look at the log of the broker.',
      cause: error,
    });
  }
  return undefined;
}

function explainPlain(error: unknown, where: string): FairqError | undefined {
  const isHttp = where.startsWith('http:');
  if (!isCut(error) && !(isHttp && isNoHttp(error))) return undefined;
  const [secure, port] = isHttp ? ['https', '15671'] : ['amqps', '5671'];
  const what = isNoHttp(error)
    ? `what answers at ${where} does not speak HTTP`
    : `${where} ended the connection before it had answered`;
  return unreachableError('CUT_OFF', what, {
    hint: `If that is its TLS port (mostly ${port}), write ${secure}://; else look at the log of the broker.`,
    cause: error,
  });
}

function hintForNoTrust(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return 'Use the host name that the certificate was made for, or give the broker one for this name.';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'Give the broker a certificate that is valid today; or set the clock of this machine right.';
  }
  return 'Name the authority that signed it with --tls-ca-file; --insecure takes any certificate, and with it any man in the middle.';
}

/** The other side has ended the connection; nothing says why. */
function isCut(error: unknown): boolean {
  return (
    ['ECONNRESET', 'EPIPE'].includes(codeOf(error)) ||
    /closed abruptly during opening handshake|disconnected before secure TLS/i.test(messageOf(error))
  );
}

function isNoHttp(error: unknown): boolean {
  return codeOf(error).startsWith('HPE_');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `80AB…:error:0A00045C:SSL routines:ssl3_read_bytes:the reason:file.c:1601:…` → the reason. */
function reasonOf(error: unknown): string {
  const text = messageOf(error).trim();
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(text)?.[1] ?? text;
}
