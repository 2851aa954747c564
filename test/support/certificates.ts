import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/** Paths of PEM files that are made for one test file, by openssl, and go with it. */
export interface TestCertificates {
  /** The authority that signed the three below. */
  readonly ca: CertifiedKey;
  /** Another, that signed nothing. */
  readonly strangeCa: CertifiedKey;
  /** For localhost and 127.0.0.1. */
  readonly server: CertifiedKey;
  /** For a host that is not this one. */
  readonly elsewhere: CertifiedKey;
  readonly client: CertifiedKey;
  /** A file with this text. */
  file(name: string, content: string): Promise<string>;
}

export function useCertificates(): TestCertificates {
  let folder = '';
  const at = (name: string): CertifiedKey => ({
    get cert() {
      return join(folder, `${name}.pem`);
    },
    get key() {
      return join(folder, `${name}.key`);
    },
  });
  const certificates: TestCertificates = {
    ca: at('ca'),
    strangeCa: at('strange-ca'),
    server: at('server'),
    elsewhere: at('elsewhere'),
    client: at('client'),
    file: async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairq-certificates-'));
    const { ca, strangeCa, server, elsewhere, client } = certificates;
    await makeAuthority(ca, 'fairq test CA');
    await makeAuthority(strangeCa, 'somebody else');
    await sign(ca, server, 'localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    await sign(ca, elsewhere, 'rabbit.example', 'subjectAltName=DNS:rabbit.example\n');
    await sign(ca, client, 'fairq test client', 'extendedKeyUsage=clientAuth\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return certificates;
}

async function makeAuthority({ cert, key }: CertifiedKey, name: string): Promise<void> {
  await run('openssl', [
    ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', key, '-out', cert],
  ]);
}

async function sign(
  ca: CertifiedKey,
  { cert, key }: CertifiedKey,
  name: string,
  extensions: string,
): Promise<void> {
  const request = `${cert}.request`;
  const extensionFile = `${cert}.extensions`;
  await writeFile(extensionFile, extensions);
  await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request]);
  await run('openssl', [
    ...['x509', '-req', '-in', request, '-days', '2', '-CA', ca.cert, '-CAkey', ca.key],
    ...['-CAcreateserial', '-extfile', extensionFile, '-out', cert],
  ]);
}
