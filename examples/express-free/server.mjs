// A web backend whose users do not wait for each other. It knows who is logged in, and passes their requests on.
import { createServer } from 'node:http';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const { FAIRQ_SERVE = 'http://127.0.0.1:8080', PORT = '3000' } = process.env;
/** Your own log-in goes here. */
const SESSIONS = { 'token-of-A': 'A', 'token-of-B': 'B' };

const server = createServer(async (request, response) => {
  const user = SESSIONS[request.headers.authorization?.replace('Bearer ', '')];
  if (user === undefined) return response.writeHead(401).end('Who are you?\n');
  if (!/^\/tasks(\/[\w.-]+)?$/.test(request.url))
    return response.writeHead(404).end('There is nothing here\n');
  const { 'content-type': type = 'application/json', 'idempotency-key': key } = request.headers;
  const answer = await fetch(`${FAIRQ_SERVE}/v1${request.url}`, {
    method: request.method,
    headers: { 'x-forwarded-user': user, 'content-type': type, ...(key && { 'idempotency-key': key }) },
    ...(request.method === 'POST' && { body: Readable.toWeb(request), duplex: 'half' }),
  }).catch(() => undefined);
  if (answer === undefined) return response.writeHead(503, { 'retry-after': '5' }).end('Ask again later\n');
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') });
  await pipeline(answer.body, response).catch(() => {}); // whoever asked has gone
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listens on ${server.address().port}`));
