import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { messageOf, usageError } from '../core/errors/errors.js';

/** A PEM file that the user has named, and its text. */
export interface PemFile {
  readonly path: string;
  readonly text: string;
}

const CERTIFICATE =
  /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (TRUSTED |X509 )?CERTIFICATE-----/g;
const MAKE_PEM = 'It has to be PEM; "openssl x509 -inform der -in FILE -out FILE.pem" makes it from DER.';

/**
 * Looks at the files before anything is connected: of a CA file without a certificate Node takes no
 * notice, and then there is no trust; and what it says of a key that does not fit names no file.
 */
export function checkTlsFiles(
  ca: PemFile | undefined,
  cert: PemFile | undefined,
  key: PemFile | undefined,
): void {
  if (ca) certificatesIn(ca, 'the CA file');
  if (cert === undefined && key === undefined) return;
  if (cert === undefined || key === undefined) {
    const [given, other] = cert
      ? ['--tls-cert-file', '--tls-key-file']
      : ['--tls-key-file', '--tls-cert-file'];
    throw usageError('HALF_A_CLIENT_CERTIFICATE', `${given} is of no use without ${other}`, {
      hint: 'Name both; a file that holds the certificate and its key may be named twice.',
    });
  }
  const [certificate] = certificatesIn(cert, 'the certificate file');
  if (!certificate?.checkPrivateKey(keyIn(key))) {
    throw usageError(
      'KEY_DOES_NOT_FIT',
      `the key in ${key.path} does not belong to the certificate in ${cert.path}`,
      { hint: 'Name the key that the certificate was made with in --tls-key-file.' },
    );
  }
}

function certificatesIn({ path, text }: PemFile, what: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE);
  if (blocks === null) {
    throw usageError('NO_CERTIFICATE', `${what} ${path} holds no certificate`, { hint: MAKE_PEM });
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw usageError(
        'BAD_CERTIFICATE',
        `certificate ${index + 1} in ${what} ${path} cannot be read: ${messageOf(error)}`,
        { hint: MAKE_PEM, cause: error },
      );
    }
  });
}

function keyIn({ path, text }: PemFile): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE';
    throw isEncrypted
      ? usageError('KEY_ENCRYPTED', `the key file ${path} is protected by a passphrase`, {
          hint: 'fairq asks for none: write the key without one, for yourself alone to read: openssl pkey -in FILE -out FILE.plain',
          cause: error,
        })
      : usageError('BAD_KEY', `the key file ${path} holds no private key`, {
          hint: 'It has to be PEM, such as "-----BEGIN PRIVATE KEY-----".',
          cause: error,
        });
  }
}
