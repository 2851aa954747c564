import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient } from '../../../../src/broker/management/http-client.js';

const PLAIN = { insecure: false };
const GET = { method: 'GET', headers: {} } as const;
const LONG_MS = 600_000;

const clients: HttpClient[] = [];
const servers: Server[] = [];
let connections = 0;

async function listen(server: Server): Promise<number> {
  connections = 0;
  servers.push(server);
  server.on('connection', (socket) => {
    connections++;
    server.once('close', () => socket.destroy());
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const serve = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listen(createServer(listener))}/api`;

/** Takes connections, and says nothing. */
const silent = () => listen(createSocketServer());

function client(answerWithinMs = LONG_MS, connectWithinMs = LONG_MS): HttpClient {
  const one = new HttpClient(PLAIN, answerWithinMs, connectWithinMs);
  clients.push(one);
  return one;
}

afterEach(() => {
  for (const one of clients.splice(0)) one.close();
  for (const server of servers.splice(0)) {
    server.close();
    server.emit('close');
  }
});

describe('an HTTP client', () => {
  it('asks one question after the other on one connection, and several at once on several', async () => {
    const url = await serve((_, response) => setImmediate(() => response.end('{}')));
    const one = client();
    for (let times = 0; times < 3; times++) expect((await one.ask(url, GET)).text).toBe('{}');
    expect(connections).toBe(1);
    await Promise.all([1, 2, 3].map(() => one.ask(url, GET)));
    expect(connections).toBeGreaterThan(1);
  });

  it('hands on what it is told to say, and what is answered in pieces', async () => {
    const url = await serve((request, response) => {
      const { method, headers } = request;
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk;
      });
      request.on('end', () => {
        const [first, ...rest] = Buffer.from('é');
        response.writeHead(404, { date: 'Fri, 27 Nov 2026 18:00:00 GMT' });
        response.write(Buffer.from([first!]));
        setImmediate(() => {
          response.end(
            Buffer.concat([Buffer.from(rest), Buffer.from(`${method} ${headers['x-a']} ${body}`)]),
          );
        });
      });
    });
    const asked = client().ask(url, { method: 'PUT', headers: { 'x-a': 'b' }, body: '{"ü":1}' });
    expect(await asked).toEqual({
      status: 404,
      date: 'Fri, 27 Nov 2026 18:00:00 GMT',
      text: 'éPUT b {"ü":1}',
    });
  });

  it('gives up what says nothing, and what breaks off', async () => {
    const port = await silent();
    await expect(client(50).ask(`http://127.0.0.1:${port}/`, GET)).rejects.toThrow('nothing came for 0.05 s');
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => response.destroy());
    });
    await expect(client().ask(url, GET)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('gives up a connection that does not come about', async () => {
    const port = await silent();
    const asked = client(LONG_MS, 50).ask(`https://127.0.0.1:${port}/`, GET);
    await expect(asked).rejects.toThrow('no connection within 0.05 s');
  });

  it.each(['http', 'https'])(
    'that is closed rejects what was asked over %s, and what is asked later',
    async (protocol) => {
      const port = await silent();
      const one = client();
      const asked = one.ask(`${protocol}://127.0.0.1:${port}/`, GET);
      const rejected = expect(asked).rejects.toThrow('the connection was closed');
      while (connections === 0) await new Promise((resolve) => setImmediate(resolve));
      one.close();
      await rejected;
      await expect(one.ask(`${protocol}://127.0.0.1:${port}/`, GET)).rejects.toThrow('was closed');
      expect(connections).toBe(1);
    },
  );
});
