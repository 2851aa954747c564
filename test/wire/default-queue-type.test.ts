import { describe, expect, it } from 'vitest';
import { namesFor } from '../../src/core/queues/names.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { systemClock } from '../../src/process/system-clock.js';
import { listDeadLetters } from '../../src/run/dead/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';
import { type TestVhost, useConnection, useVhost } from '../support/vhost.js';

/** More than the limit of 20 that quorum queues have from 4.0 on. */
const LOOKS = 22;

function useDeadLetters(vhost: TestVhost) {
  const connected = useConnection(vhost);
  const definition = (queue: string) => vhost.management.queueDefinition(queue);
  return () =>
    listDeadLetters(
      { connection: connected.current, names: namesFor('fairq'), clock: systemClock, definition },
      {},
    );
}

// RabbitMQ 3.10 knows no default type: there all is as in any other vhost.
describe.each(['quorum', 'stream'])('a vhost whose default queue type is %s', (type) => {
  const vhost = useVhost({ default_queue_type: type });
  const { env } = vhost;
  const list = useDeadLetters(vhost);
  const types = async () => {
    const definitions = await vhost.management.queueDefinitions();
    return new Map(definitions.map((queue) => [queue.name, queue.type]));
  };

  it('has no say in what the queues of fairq are', async () => {
    await fairqJson(env, 'publish', '--user', 'A', '--count', '3', '--task', 'fail', '--run', 'failing');
    await fairqJson(
      env,
      'publish',
      '--users',
      '2',
      '--count',
      '5',
      '--group-by',
      'hash:2',
      '--run',
      'groups',
    );
    await fairqJson(env, 'publish', '--queue', 'reports', '--count', '2');
    await fairqJson(env, 'publish', '--strategy', 'priority', '--user', 'P');
    await fairqJson(env, 'publish', '--strategy', 'fifo', '--user', 'F');
    const worker = ['worker', '--exit-when', 'empty', '--also', 'reports', '--backoff', '1ms'];
    await fairqPartly(env, ...worker, '--max-attempts', '2', '--queues', '*');
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'groups')).toMatchObject({ missing: 0 });
    const found = await types();
    const streams = ['fairq.events', 'fairq.results', 'fairq.starts'];
    for (const stream of streams) expect(found.get(stream), stream).toBe('stream');
    const others = [...found].filter(([name]) => !streams.includes(name));
    expect(others.map(([name]) => name)).toEqual(
      expect.arrayContaining(['fairq.user.A', 'fairq.dead', 'fairq.retry.1ms', 'fairq.priority', 'reports']),
    );
    expect(others.filter(([, is]) => is !== 'classic')).toEqual([]);
    for (let look = 1; look <= LOOKS; look++) expect((await list()).total, `look ${look}`).toBe(3);
  });
});

describe('a queue of dead letters that fairq did not make', () => {
  const vhost = useVhost();
  const { env } = vhost;
  const list = useDeadLetters(vhost);
  const isOld = async () => (await vhost.management.version()).startsWith('3.');

  it('is not emptied by looking: it is refused where looks are counted', async () => {
    const limit = (await isOld()) ? { 'x-delivery-limit': 20 } : {};
    await vhost.channel.assertQueue('fairq.dead', {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', ...limit },
    });
    await fairqJson(env, 'publish', '--user', 'A', '--count', '3', '--task', 'fail');
    await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
    const isCounted = !(await vhost.management.version()).startsWith('4.3');
    for (let look = 1; look <= LOOKS; look++) {
      if (isCounted) await expect(list()).rejects.toThrow('is a quorum queue with a delivery limit of 20');
      else expect((await list()).total, `look ${look}`).toBe(3);
    }
    expect((await fairq(env, 'dead', 'list')).code).toBe(isCounted ? 77 : 0);
    expect(await vhost.ready('fairq.dead')).toBe(3);
  });

  it('can be looked at when the limit is taken away as the refusal says', async () => {
    if (await isOld()) return; // its limit is in its arguments, which nobody can change
    const { vhost: name, managementUris } = vhost.address;
    const [uri = ''] = managementUris;
    await askManagement({ uri }, 'PUT', `/policies/${name}/no-limit`, {
      pattern: '^fairq\\.dead$',
      'apply-to': 'queues',
      definition: { 'delivery-limit': -1 },
    });
    await eventually(() => list().then(() => true), { timeoutMs: 60_000, what: 'the policy is there' });
    for (let look = 1; look <= LOOKS; look++) expect((await list()).total, `look ${look}`).toBe(3);
  });

  it('is refused with the reason where it is a stream', async () => {
    await vhost.channel.deleteQueue('fairq.dead');
    await vhost.channel.assertQueue('fairq.dead', {
      durable: true,
      arguments: { 'x-queue-type': 'stream' },
    });
    await expect(list()).rejects.toThrow('"fairq.dead" is a stream');
  });
});
