import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
// From dist: a node is kept by a process of its own, which runs built code.
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';

/** No listing finds a queue in time: only what is told of it does. */
const NEVER = ['--discover-every', '24h'];
const HEARS = /new users are noticed by announcements and the broker's events \(in vhost "\/"\)/;

const PAGE = readFileSync(new URL('../../docs/production.md', import.meta.url), 'utf8');

/** What the page on production lets a worker do in the vhost of the events, or in its own. */
function rightsOnPage(where: string): object {
  const line = PAGE.split('\n').find((one) =>
    one.startsWith(`$ rabbitmqctl set_permissions ${where}worker `),
  );
  const [configure, write, read] = [...(line ?? '').matchAll(/'([^']+)'/g)].map(([, text]) => text);
  return { configure, write, read };
}

/** A client that knows nothing of announcements: its queue, its binding, its task. */
async function makeUser(channel: Channel, user: string, queueType = 'classic'): Promise<void> {
  const queue = `fairq.user.${user}`;
  await channel.assertQueue(queue, { arguments: { 'x-queue-type': queueType } });
  await channel.bindQueue(queue, 'fairq', user);
  channel.publish('fairq', user, Buffer.from(''), { type: 'noop' });
}

async function doctorsWord(env: Record<string, string>): Promise<string | undefined> {
  const { stdout } = await fairq(env, '--json', 'doctor');
  const { findings } = JSON.parse(stdout) as { findings: { check: string; text: string }[] };
  return findings.find(({ check }) => check === 'new users')?.text;
}

describe('a broker that tells its events', () => {
  let node: ThrowAwayNode;
  const models: ChannelModel[] = [];
  const envOf = (vhost: string, login = 'guest:guest') => ({
    FAIRQ_URI: `${node.uri.replace('guest:guest', login)}${encodeURIComponent(vhost)}`,
    FAIRQ_MANAGEMENT_URI: node.managementUri,
  });
  const api = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object) =>
    askManagement({ uri: node.managementUri }, method, path, body);

  async function channelTo(vhost: string): Promise<Channel> {
    const model = await amqplib.connect(node.uri + encodeURIComponent(vhost));
    models.push(model);
    return model.createChannel();
  }

  async function makeVhost(): Promise<string> {
    const vhost = `v-${randomUUID()}`;
    await api('PUT', `/vhosts/${vhost}`, {});
    return vhost;
  }

  async function startWorker(env: Record<string, string>, ...flags: string[]): Promise<FairqHere> {
    const worker = new FairqHere(['--verbose', 'worker', ...NEVER, ...flags], env);
    await worker.says(/: ready/);
    return worker;
  }

  beforeAll(async () => {
    node = await startThrowAwayNode({ plugins: ['rabbitmq_event_exchange'] });
  });
  afterAll(async () => {
    for (const model of models) await model.close();
    await node.stop();
  });

  it.each([
    ['the vhost of the events', async () => '/'],
    ['another vhost', makeVhost],
  ])('has workers run what nobody announced, in %s', async (_, where) => {
    const vhost = await where();
    const env = envOf(vhost);
    const worker = await startWorker(env, '--count', '3');
    await worker.says(HEARS);
    const channel = await channelTo(vhost);
    await makeUser(channel, 'A');
    await makeUser(channel, 'B', 'quorum');
    // Of the same name, and none of this worker's business.
    const elsewhere = await channelTo(await makeVhost());
    await elsewhere.assertExchange('fairq', 'direct');
    await makeUser(elsewhere, 'X');
    await channel.assertQueue('fairq.user.S', { arguments: { 'x-queue-type': 'stream' } });
    await channel.assertQueue('fairq.user.E', { exclusive: true });
    await makeUser(channel, 'C');
    expect((await worker.ended).code).toBe(0);
    expect(worker.stderr).not.toContain('warning');
    expect(await doctorsWord(env)).toMatch(/^workers notice them by announcements and the broker's events/);
  });

  it('has a worker of a glob find a new queue, and leave alone what another prefix keeps', async () => {
    const vhost = await makeVhost();
    const env = envOf(vhost);
    const worker = await startWorker(env, '--queues', '*', '--count', '1');
    const channel = await channelTo(vhost);
    for (const stream of ['other.events', 'other.results']) {
      await channel.assertQueue(stream, { arguments: { 'x-queue-type': 'stream' } });
    }
    await channel.assertQueue('other.dead');
    channel.sendToQueue('other.dead', Buffer.from(''), { type: 'noop' });
    await channel.assertQueue('orders');
    channel.sendToQueue('orders', Buffer.from(''), { type: 'noop' });
    expect((await worker.ended).code).toBe(0);
    expect((await channel.checkQueue('other.dead')).messageCount).toBe(1);
    expect((await channel.checkQueue('orders')).messageCount).toBe(0);
  });

  it('has them hear it again after a lost connection', async () => {
    const vhost = await makeVhost();
    const worker = await startWorker(envOf(vhost), '--count', '2');
    const channel = await channelTo(vhost);
    const connectionsOf = async () => {
      const all = (await api('GET', '/connections')) as { name: string; client_properties: object }[];
      return all.filter(({ client_properties }) => JSON.stringify(client_properties).includes('fairq hears'));
    };
    await eventually(async () => (await connectionsOf()).length === 1, {
      timeoutMs: 60_000,
      what: 'one connection for events',
    });
    const [hearing] = await connectionsOf();
    await api('DELETE', `/connections/${encodeURIComponent(hearing?.name ?? '')}`);
    await eventually(async () => (await connectionsOf()).some(({ name }) => name !== hearing?.name), {
      timeoutMs: 60_000,
      what: 'another connection for events',
    });
    await makeUser(channel, 'A');
    await makeUser(channel, 'B');
    expect((await worker.ended).code).toBe(0);
  });

  it('does not drown them in queues that are made, and deleted, by the thousand', async () => {
    const vhost = await makeVhost();
    const worker = await startWorker(envOf(vhost), '--count', '1');
    const channel = await channelTo(vhost);
    const names = Array.from({ length: 1_000 }, (_, i) => `fairq.user.gone-${i}`);
    for (const name of names) {
      await channel.assertQueue(name);
      await channel.deleteQueue(name);
    }
    await makeUser(channel, 'A');
    expect((await worker.ended).code).toBe(0);
    expect(worker.stderr).not.toContain('warning');
  });

  it('is heard with the rights that the page on production gives', async () => {
    const vhost = await makeVhost();
    expect(await fairq(envOf(vhost), 'worker', '--exit-when', 'empty')).toMatchObject({ code: 0 });
    const name = `limited-${randomUUID()}`;
    await api('PUT', `/users/${name}`, { password: 'p', tags: 'management' });
    await api('PUT', `/permissions/${vhost}/${name}`, rightsOnPage(''));
    await api('PUT', `/permissions/%2F/${name}`, rightsOnPage('-p / '));
    const worker = await startWorker(envOf(vhost, `${name}:p`), '--count', '1');
    await worker.says(HEARS);
    await makeUser(await channelTo(vhost), 'A');
    expect((await worker.ended).code).toBe(0);
  });

  it('is not heard without the right, which is no error and is said', async () => {
    const vhost = await makeVhost();
    const name = `limited-${randomUUID()}`;
    await api('PUT', `/users/${name}`, { password: 'p', tags: 'management' });
    const all = { configure: '.*', write: '.*', read: '.*' };
    await api('PUT', `/permissions/${vhost}/${name}`, all);
    const env = envOf(vhost, `${name}:p`);
    const stranger = await startWorker(env, '--count', '1');
    await stranger.says(/a listing every 1 d/);
    await stranger.says(/no vhost that this user may enter has the exchange/);
    await api('PUT', `/permissions/%2F/${name}`, { ...all, read: '^amq\\.gen-.*$' });
    const guest = await startWorker(env, '--count', '1');
    await guest.says(/the exchange "amq\.rabbitmq\.event" of vhost "\/" cannot be read/);
    for (const { stderr } of [stranger, guest]) expect(stderr).not.toContain('warning');
    expect(await doctorsWord(env)).toContain('cannot be read');
    for (const worker of [stranger, guest]) {
      worker.signal('SIGTERM');
      expect((await worker.ended).code).toBe(0);
    }
  });
});

describe('a broker without the plugin', () => {
  it('has workers list the queues, which they say', async () => {
    const env = { FAIRQ_URI: inject('brokerUri'), FAIRQ_MANAGEMENT_URI: inject('managementUri') };
    const prefix = ['--prefix', `p-${randomUUID()}`];
    const worker = new FairqHere(
      [...prefix, '--verbose', 'worker', '--discover-every', '200ms', '--count', '1'],
      env,
    );
    await worker.says(/new users are noticed by announcements, and a listing every 200 ms: no vhost/);
    const model = await amqplib.connect(env.FAIRQ_URI);
    const channel = await model.createChannel();
    const queue = `${prefix[1]}.user.A`;
    await channel.assertQueue(queue);
    channel.sendToQueue(queue, Buffer.from(''), { type: 'noop' });
    expect((await worker.ended).code).toBe(0);
    await channel.deleteQueue(queue);
    await model.close();
  });
});
