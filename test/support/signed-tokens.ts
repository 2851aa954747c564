import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const ISSUER = 'https://login.example.com/';
export const AUDIENCE = 'fairq';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  /** The public half, as a key set has it. */
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Seconds since the epoch, so far from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

/** A token of user A that is right in every way but for `claims`; one that is undefined is left out. */
export function signed(
  { privateKey, kid, alg }: Pick<SigningKey, 'privateKey' | 'alg'> & { kid?: string },
  claims: Record<string, unknown> = {},
): Promise<string> {
  const right = { sub: 'A', iss: ISSUER, aud: AUDIENCE, iat: inSeconds(0), exp: inSeconds(300) };
  return new SignJWT({ ...right, ...claims })
    .setProtectedHeader(kid === undefined ? { alg } : { alg, kid })
    .sign(privateKey);
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A real server of keys, which can be told what to answer, and to go. */
export class KeyServer {
  keys: readonly JWK[] = [];
  /** Instead of the keys. */
  answer: { status?: number; body?: string; location?: string; silent?: boolean } | undefined;
  asked = 0;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/keys`;
  }

  async start(): Promise<void> {
    this.#server = createServer((_request, response) => {
      this.asked++;
      const { status = 200, body, location, silent } = this.answer ?? {};
      if (silent) return;
      response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) });
      response.end(body ?? JSON.stringify({ keys: this.keys }));
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}
