import { describe, expect, it } from 'vitest';
import type { NodeFigures, QueueDefinition } from '../../../../src/broker/management/broker-figures.js';
import type { CountedListedQueue } from '../../../../src/broker/management/queue-figures.js';
import { namesFor } from '../../../../src/core/queues/names.js';
import * as broker from '../../../../src/run/doctor/broker-checks.js';
import type { ManagementFacts } from '../../../../src/run/doctor/facts.js';
import { limits } from '../../../../src/run/doctor/limit-checks.js';
import * as queues from '../../../../src/run/doctor/queue-checks.js';
import * as workers from '../../../../src/run/doctor/worker-checks.js';

const names = namesFor('fairq');
const NODE: NodeFigures = {
  name: 'rabbit@a',
  running: true,
  memoryAlarm: false,
  diskAlarm: false,
  memoryUsed: 1e8,
  memoryLimit: 4e9,
  filesUsed: 50,
  filesTotal: 1024,
  processesUsed: 400,
  processesTotal: 1_048_576,
  partitions: [],
};

function queue(name: string, over: Partial<CountedListedQueue> = {}): CountedListedQueue {
  return {
    name,
    type: 'classic',
    ready: 0,
    unacknowledged: 0,
    consumers: 1,
    memoryBytes: 28_000,
    down: false,
    published: 0,
    delivered: 0,
    acknowledged: 0,
    publishedPerSecond: 0,
    deliveredPerSecond: 0,
    ...over,
  };
}

function definition(name: string, over: Partial<QueueDefinition> = {}): QueueDefinition {
  return { name, type: 'quorum', arguments: {}, policy: {}, ...over };
}

function facts(over: Partial<ManagementFacts> = {}): ManagementFacts {
  return {
    version: '3.10.8',
    clockAheadMs: 100,
    nodes: [NODE],
    queues: [],
    definitions: [],
    bound: new Set<string>(),
    consumers: [],
    connections: [],
    ...over,
  };
}

describe('the doctor', () => {
  it.each([
    [
      'an alarm',
      broker.alarms(facts({ nodes: [{ ...NODE, memoryAlarm: true }] }), undefined),
      'problem',
      'memory on "rabbit@a"',
    ],
    ['no alarm', broker.alarms(facts(), undefined), 'ok', 'neither'],
    [
      'nodes that it may not see',
      broker.alarms(facts({ nodes: undefined }), undefined),
      'unknown',
      'may not see',
    ],
    [
      'a partition',
      broker.nodes(facts({ nodes: [{ ...NODE, partitions: ['b'] }] })),
      'problem',
      'partitioned',
    ],
    [
      'a node that is down',
      broker.nodes(facts({ nodes: [{ ...NODE, running: false }] })),
      'warning',
      'does not run',
    ],
    [
      'files that run out',
      broker.room(facts({ nodes: [{ ...NODE, filesUsed: 1_000 }] })),
      'warning',
      '98 % of the files',
    ],
    [
      'files that 3.x books for quorum queues',
      broker.room(
        facts({ queues: Array.from({ length: 400 }, (_, i) => queue(`q${i}`, { type: 'quorum' })) }),
      ),
      'warning',
      'booked for quorum queues',
    ],
    [
      'as many quorum queues on 4.x',
      broker.room(
        facts({
          version: '4.3.6',
          queues: Array.from({ length: 400 }, (_, i) => queue(`q${i}`, { type: 'quorum' })),
        }),
      ),
      'ok',
      'memory for about',
    ],
    ['room for more', broker.room(facts()), 'ok', 'memory for about'],
    ['a clock behind by a minute', broker.clock(facts({ clockAheadMs: -60_000 })), 'problem', '60 s behind'],
    ['a clock ahead by five seconds', broker.clock(facts({ clockAheadMs: 5_000 })), 'warning', '5 s ahead'],
    ['few channels', broker.channels({ ...AMQP(), channelMax: 16 }), 'problem', 'may have 16 channels'],
    ['an old version', broker.version({ version: '3.8.2' }), 'warning', 'older'],
    ['a new version', broker.version({ version: '4.3.6' }), 'ok', 'global QoS'],
    [
      'a queue in the place of the stream',
      broker.stream(
        facts({ definitions: [definition('fairq.events', { type: 'classic' })] }),
        'events',
        'fairq.events',
      ),
      ...(['problem', 'is a classic queue'] as const),
    ],
    [
      'a queue that is down',
      queues.down(facts({ queues: [queue('fairq.user.A', { down: true })] })),
      'problem',
      '1 queue without most of the nodes with its tasks',
    ],
    [
      'an unbound queue',
      queues.unbound(facts({ queues: [queue('fairq.user.A')] }), names),
      'warning',
      '1 user queue not bound',
    ],
    [
      'a queue that is not for users',
      queues.unbound(facts({ queues: [queue('other')] }), names),
      'ok',
      'every',
    ],
    [
      'tasks and no worker',
      queues.unconsumed(facts({ queues: [queue('fairq.user.A', { ready: 7, consumers: 0 })] }), names),
      ...(['warning', '7 tasks and no worker'] as const),
    ],
    [
      'dead letters',
      queues.deadLetters(facts({ queues: [queue('fairq.dead', { ready: 2 })] }), names),
      'warning',
      '2 tasks',
    ],
    [
      'retries that nobody watches over',
      queues.retries(facts({ queues: [queue('fairq.retry.5ms', { ready: 2, consumers: 0 })] }), names),
      ...(['warning', 'no worker watches'] as const),
    ],
    [
      'a quorum queue of 4.x with its own limit',
      limits(facts({ version: '4.0.5', definitions: [definition('fairq.user.A')] }), names),
      ...(['problem', 'drops a task'] as const),
    ],
    [
      'one without',
      limits(
        facts({
          version: '4.0.5',
          definitions: [definition('fairq.user.A', { arguments: { 'x-delivery-limit': -1 } })],
        }),
        names,
      ),
      ...(['ok', 'no argument and no policy'] as const),
    ],
    [
      'a limit of -1 before 4.0',
      limits(
        facts({ definitions: [definition('fairq.user.A', { arguments: { 'x-delivery-limit': -1 } })] }),
        names,
      ),
      ...(['problem', 'drops a task'] as const),
    ],
    [
      'a short consumer timeout',
      limits(
        facts({
          definitions: [
            definition('fairq.user.A', { type: 'classic', policy: { 'consumer-timeout': 60_000 } }),
          ],
        }),
        names,
      ),
      ...(['warning', 'less than 10 minutes'] as const),
    ],
    [
      'a consumer that takes all',
      workers.hoarding(
        facts({
          queues: [queue('fairq.user.A')],
          consumers: [{ queue: 'fairq.user.A', prefetch: 0, connection: 'c' }],
        }),
        names,
      ),
      ...(['problem', 'without a prefetch'] as const),
    ],
    [
      'much at one process',
      workers.hoarding(
        facts({
          queues: Array.from({ length: 30 }, (_, i) => queue(`fairq.user.${i}`)),
          consumers: Array.from({ length: 30 }, (_, i) => ({
            queue: `fairq.user.${i}`,
            prefetch: 1_000,
            connection: 'c',
          })),
        }),
        names,
      ),
      ...(['warning', '30,000 tasks'] as const),
    ],
    [
      'a worker that says nothing',
      workers.workers(AMQP(), { connections: ['fairq worker lame', 'other'] }),
      ...(['warning', '"lame"'] as const),
    ],
  ])('says of %s what it is', (_, finding, level, text) => {
    expect(finding).toMatchObject({ level, text: expect.stringContaining(text) });
    if (level !== 'ok') expect(finding.mend).toBeTruthy();
  });
});

function AMQP() {
  return {
    version: '3.10.8',
    channelMax: 2047,
    refused: [],
    workers: [],
    channelsRefused: undefined,
    blocked: undefined,
    broker: { vhost: undefined, why: 'not asked' },
  };
}
