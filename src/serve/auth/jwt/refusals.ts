import { errors } from 'jose';

const MISSING: Readonly<Record<string, string>> = {
  aud: 'the token does not say for which audience it is',
  iss: 'the token does not say who issued it',
  exp: 'the token does not say when it expires',
};
const WRONG: Readonly<Record<string, string>> = {
  aud: 'the token is for another audience',
  iss: 'the token is from another issuer',
  nbf: 'the token is not valid yet',
};

/** Which check a token has failed. Nothing of the token is shown. */
export function whyRefused(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const known = error.reason === 'missing' ? MISSING : error.reason === 'check_failed' ? WRONG : {};
    return known[error.claim] ?? `the claim ${error.claim} of the token is wrong`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'the token is signed by an algorithm that is not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that is not known';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JOSENotSupported) return 'the token asks for something that is not known here';
  return 'the token is not a JSON Web Token';
}
