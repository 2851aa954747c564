import { type Asking, Unauthenticated } from './identity.js';

/** RFC 6750: no error is named where nothing was shown. */
export const BEARER = 'Bearer realm="fairq"';
export const BAD_BEARER = 'Bearer realm="fairq", error="invalid_token"';

/** @throws Unauthenticated where there is no token */
export function bearerToken(asking: Asking): string {
  const header = asking.header('authorization');
  if (header === undefined) {
    throw new Unauthenticated('there is no token: send the header "Authorization: Bearer TOKEN"', BEARER);
  }
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined) {
    throw new Unauthenticated('the header Authorization is not "Bearer", a space and a token', BEARER);
  }
  return token;
}
