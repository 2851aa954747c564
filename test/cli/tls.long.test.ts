import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useCertificates } from '../support/certificates.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { startTlsNode, type TlsNode } from '../support/tls-node.js';

const certificates = useCertificates();
/** Takes clients with a certificate of our authority, and no others. */
let strict: TlsNode;
/** Has a certificate for another host, and takes every client. */
let elsewhere: TlsNode;
beforeAll(async () => {
  const { server, ca } = certificates;
  strict = await startTlsNode(server, ca, ca);
  elsewhere = await startTlsNode(certificates.elsewhere, ca, undefined);
});
afterAll(async () => {
  await Promise.all([strict?.stop(), elsewhere?.stop()]);
});

type Env = Record<string, string>;

function at(amqp: string, http: string): Env {
  const [protocol, rest] = amqp.split('://');
  return { FAIRQ_URI: `${protocol}://guest:guest@${rest}`, FAIRQ_MANAGEMENT_URI: http };
}

function over(node: TlsNode, host = 'localhost'): Env {
  return at(`amqps://${host}:${node.ports.amqps}`, `https://${host}:${node.ports.https}`);
}

function trusting(ca: string): Env {
  return { FAIRQ_TLS_CA_FILE: ca };
}

function identified(): Env {
  const { client } = certificates;
  return { FAIRQ_TLS_CERT_FILE: client.cert, FAIRQ_TLS_KEY_FILE: client.key };
}

/** One command for each way to the broker. */
const BY_AMQP = ['publish', '--user', 'A'];
const BY_MANAGEMENT = ['queues', 'list'];
const BOTH_WAYS = [BY_AMQP, BY_MANAGEMENT];
const EVERY_COMMAND = [
  ['publish', '--user', 'A', '--count', '20', '--run', 'tls'],
  ['queues', 'list'],
  ['worker', '--exit-when', 'empty'],
  ['report', '--run', 'tls'],
];

/** With TLS 1.3 the refusal comes after the first request was written: it is read, or only that the other side hung up. */
const HUNG_UP_OR_REFUSED = [69, 77];

async function expectEach(
  env: Env,
  commands: string[][],
  code: number | readonly number[],
  ...texts: string[]
): Promise<void> {
  for (const args of commands) {
    const ended = await fairq(env, ...args);
    for (const text of texts) expect(ended.stderr, args.join(' ')).toContain(text);
    expect([code].flat(), args.join(' ')).toContain(ended.code);
    expect(ended.stdout).toBe('');
  }
}

describe('over TLS', () => {
  it.each(['localhost', '127.0.0.1'])(
    'every command does its work at %s, and warns of nothing',
    async (host) => {
      const env = { ...over(strict, host), ...trusting(certificates.ca.cert), ...identified() };
      for (const args of EVERY_COMMAND) {
        const { code, stderr } = await fairq(env, ...args);
        expect(stderr, args.join(' ')).not.toMatch(/warning|error/);
        expect(code, args.join(' ')).toBe(0);
      }
      const report = await fairqJson(env, 'report', '--run', 'tls');
      expect(report).toMatchObject({ missing: 0, failed: 0 });
    },
  );

  it('an authority that nobody has named is not trusted', async () => {
    const unknown = { ...over(strict), ...identified() };
    for (const env of [unknown, { ...unknown, ...trusting(certificates.strangeCa.cert) }]) {
      await expectEach(env, BOTH_WAYS, 77, 'no trust in the certificate', '--tls-ca-file');
    }
  });

  it('a certificate for another host is not trusted', async () => {
    const env = { ...over(elsewhere), ...trusting(certificates.ca.cert) };
    await expectEach(env, BOTH_WAYS, 77, 'no trust in the certificate', 'rabbit.example', 'host name');
  });

  it('a client certificate that is asked for has to be given', async () => {
    const env = { ...over(strict), ...trusting(certificates.ca.cert) };
    const said = ['client certificate', '--tls-cert-file', '--tls-key-file'];
    await expectEach(env, [BY_AMQP], 77, ...said);
    await expectEach(env, [BY_MANAGEMENT], HUNG_UP_OR_REFUSED, ...said);
  });

  it('a client certificate of a strange authority is refused', async () => {
    const stranger = {
      FAIRQ_TLS_CERT_FILE: certificates.strangeCa.cert,
      FAIRQ_TLS_KEY_FILE: certificates.strangeCa.key,
    };
    const env = { ...over(strict), ...trusting(certificates.ca.cert), ...stranger };
    await expectEach(env, [BY_AMQP], 77, 'does not take the client certificate', 'who signed it');
    await expectEach(env, [BY_MANAGEMENT], HUNG_UP_OR_REFUSED, 'not take the client certificate');
  });

  it('a bench hands what its own flags say on to the workers that it starts', async () => {
    const { ca, client } = certificates;
    const flags = ['--tls-ca-file', ca.cert, '--tls-cert-file', client.cert, '--tls-key-file', client.key];
    const { code, stderr } = await fairq(
      over(strict),
      ...flags,
      'bench',
      'tail',
      '--scale',
      '0.02',
      '--strategy',
      'fair',
    );
    expect(stderr).not.toContain('error');
    // Whether a busy machine holds what the scenario promises is not the question here.
    expect([0, 99]).toContain(code);
  });

  it('--insecure takes any certificate, and every command says that it does', async () => {
    for (const args of EVERY_COMMAND) {
      const { code, stderr } = await fairq(over(elsewhere), '--insecure', ...args);
      expect(stderr, args.join(' ')).toContain('warning: --insecure: the certificates');
      expect(code, args.join(' ')).toBe(0);
    }
  });
});

describe('files for TLS', () => {
  it('a key that does not fit its certificate ends with 64, and names both', async () => {
    const { client, server } = certificates;
    const misfit = { FAIRQ_TLS_CERT_FILE: client.cert, FAIRQ_TLS_KEY_FILE: server.key };
    const said = [client.cert, server.key, 'does not belong', '--tls-key-file'];
    await expectEach({ ...over(strict), ...misfit }, BOTH_WAYS, 64, ...said);
  });

  it.each([
    ['FAIRQ_TLS_CA_FILE', 'hello\n', 'holds no certificate'],
    ['FAIRQ_TLS_CA_FILE', '', 'holds no certificate'],
    [
      'FAIRQ_TLS_CA_FILE',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'certificate 1 in the CA file',
    ],
    ['FAIRQ_TLS_CERT_FILE', 'hello\n', 'holds no certificate'],
    ['FAIRQ_TLS_KEY_FILE', 'hello\n', 'holds no private key'],
  ])('%s that holds %j ends with 64, and is named', async (variable, content, what) => {
    const bad = await certificates.file('bad.pem', content);
    await expectEach({ ...over(strict), ...identified(), [variable]: bad }, BOTH_WAYS, 64, bad, what, 'PEM');
  });

  it('a certificate without its key, or a key alone, ends with 64 and says which is missing', async () => {
    const { client } = certificates;
    const alone = { ...over(strict), FAIRQ_TLS_CERT_FILE: client.cert };
    await expectEach(alone, BOTH_WAYS, 64, 'of no use without --tls-key-file');
    const keyAlone = { ...over(strict), FAIRQ_TLS_KEY_FILE: client.key };
    await expectEach(keyAlone, BOTH_WAYS, 64, 'of no use without --tls-cert-file');
  });
});

describe('the wrong protocol', () => {
  it('to a TLS port says that it may be one, and how to write that', async () => {
    const { amqps, https } = elsewhere.ports;
    const env = at(`amqp://localhost:${amqps}`, `http://localhost:${https}`);
    await expectEach(env, [BY_AMQP], 69, 'TLS port', 'write amqps://');
    await expectEach(env, [BY_MANAGEMENT], 69, 'TLS port', 'write https://');
  });

  it('to a plain port says that nobody speaks TLS there, and what to write', async () => {
    const { amqp, http } = strict.ports;
    const env = at(`amqps://localhost:${amqp}`, `https://localhost:${http}`);
    await expectEach(env, [BY_AMQP], 69, 'does not speak TLS', 'write amqp://');
    await expectEach(env, [BY_MANAGEMENT], 69, 'does not speak TLS', 'write http://');
  });
});
