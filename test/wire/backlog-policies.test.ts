import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Management } from '../../src/broker/management/management.js';
import { namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { deferred } from '../../src/core/values/deferred.js';
import { BacklogLimits } from '../../src/run/policy/backlog-limits.js';
import { type Backlogs, backlogDocument, backlogLimits } from '../support/backlog.js';
import { eventually } from '../support/eventually.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { askManagement } from '../support/management-api.js';
import { setPolicy } from '../support/policy.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const users = useLimitedUsers(vhost);
const names = namesFor('fairq');

const carryOut = (backlogs: Backlogs) => backlogLimits(vhost).carryOut(backlogDocument(backlogs));

/** A policy of an operator's own. */
async function put(name: string, body: object): Promise<void> {
  const [uri = ''] = vhost.address.managementUris;
  await askManagement({ uri }, 'PUT', `/policies/${vhost.address.vhost}/${name}`, {
    'apply-to': 'queues',
    ...body,
  });
}

async function make(user: string, type = 'classic'): Promise<string> {
  const queue = userQueueOf(names, user);
  await vhost.channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
  return queue;
}

const definitionOf = async (queue: string) => (await vhost.management.queueDefinition(queue))?.policy;

describe('RabbitMQ policies for backlog limits', () => {
  it('count for the queues of exactly the users that a rule means, the more exact rule first', async () => {
    await carryOut({ '*': 900, 'acme/*': 50, 'a?': 7, 'x*√*y': 8, 'acme/eve': 3, 'ü.b': 4 });
    const expected: Readonly<Record<string, number>> = {
      anybody: 900,
      acme: 900,
      'acme/': 50,
      'acme/a b': 50,
      'acme/eve': 3,
      'acme/eve2': 50,
      aé: 7,
      'a😀': 7,
      abc: 900,
      'ü.b': 4,
      üxb: 900,
      'x√y': 8,
      'x-√/√-y': 8,
      'x√yz': 900,
    };
    const queues = await Promise.all(Object.keys(expected).map((user) => make(user)));
    await vhost.channel.assertQueue('fairq.dead', { durable: true });
    await eventually(
      async () => {
        const found = await Promise.all(
          queues.map(async (queue) => (await definitionOf(queue))?.['max-length']),
        );
        expect(found).toEqual(Object.values(expected));
        return true;
      },
      { timeoutMs: 60_000, what: 'the limits are in force' },
    );
    expect(await definitionOf('fairq.dead')).toEqual({});
    await carryOut({});
    expect(await vhost.management.policies.list()).toEqual([]);
  });

  it('keep what operators have set for the same queues, and the smaller maximum', async () => {
    const backlogs = { 'mine-*': 50, 'other-*': 60 };
    const users = (most: number) =>
      put('users', { pattern: '^fairq\\.user\\.(mine)', priority: 7, definition: { 'max-length': most } });
    await put('all', { pattern: '.*', priority: 3, 'apply-to': 'all', definition: { expires: 3_600_000 } });
    await users(5);
    await carryOut(backlogs);
    for (const type of ['classic', 'quorum']) {
      const [mine, other] = [await make(`mine-${type}`, type), await make(`other-${type}`, type)];
      const expected = [
        { 'max-length': 5, overflow: 'reject-publish' },
        { 'max-length': 60, overflow: 'reject-publish', expires: 3_600_000 },
      ];
      await eventually(
        async () => {
          expect([await definitionOf(mine), await definitionOf(other)]).toEqual(expected);
          return true;
        },
        { timeoutMs: 60_000, what: `both are in force for ${type} queues` },
      );
    }
    // Nothing is to be done until an operator changes something.
    expect(await carryOut(backlogs)).toEqual({ set: [], removed: [] });
    await users(55);
    const { set } = await carryOut(backlogs);
    expect(set).toEqual(['fairq-backlog-fairq/other-%2A/users', 'fairq-backlog-fairq/mine-%2A/users']);
    await carryOut({});
  });

  it('are in force when the verb has returned: exact for a classic queue', async () => {
    const queue = await make('exact');
    await carryOut({ exact: 100 });
    const channel = await connected.current.confirmChannel();
    const answers = Array.from(
      { length: 300 },
      () =>
        new Promise<boolean>((resolve) =>
          channel.publish('', queue, Buffer.from('x'), {}, (error) => resolve(!error)),
        ),
    );
    expect((await Promise.all(answers)).filter(Boolean)).toHaveLength(100);
    expect(await vhost.ready(queue)).toBe(100);
    await channel.close();
    await carryOut({});
  });

  it('are those of the newest document, though two operators change them at once', async () => {
    await make('both');
    const [begun, other] = [deferred(), deferred()];
    const slow = new Management(vhost.address);
    const put = slow.policies.put.bind(slow.policies);
    slow.policies.put = async (policy) => {
      begun.resolve(undefined);
      // The other one goes first, if it may.
      await Promise.race([other.promise, pause(1_000)]);
      await put(policy);
    };
    const setting = setPolicy({ ...vhost, management: slow }, 'fairq', { both: { backlog: 5 } });
    await Promise.race([begun.promise, setting]);
    await setPolicy(vhost, 'fairq', {});
    other.resolve(undefined);
    await setting;
    await slow.close();
    const left = await vhost.management.policies.list();
    expect(left.filter(({ name }) => name.startsWith('fairq-backlog-'))).toEqual([]);
  });

  it('need the tag "policymaker", which is asked for before anything is written', async () => {
    const all = { configure: '.*', write: '.*', read: '.*' };
    for (const [tags, isAllowed] of [
      ['management', false],
      ['monitoring', false],
      ['policymaker', true],
    ] as const) {
      const env = await users.make({ ...all, tags });
      const { username, password } = new URL(env.FAIRQ_URI!);
      const management = new Management({ ...vhost.address, username, password });
      const limits = new BacklogLimits({ policies: management.policies, names, nowMs: () => Date.now() });
      const checked = limits.check(backlogDocument({}), backlogDocument({ A: 1 }));
      if (isAllowed) await checked;
      else {
        await expect(checked).rejects.toMatchObject({
          kind: 'refused',
          code: 'POLICIES_REFUSED',
          message: `the user "${username}" may not set RabbitMQ's policies`,
          hint: expect.stringContaining(`rabbitmqctl set_user_tags ${username} ${tags} policymaker`),
        });
      }
      await management.close();
    }
  });

  it('are refused in a vhost that the user may not enter', async () => {
    const env = await users.make({ configure: '.*', write: '.*', read: '.*', tags: 'policymaker' });
    const { username, password } = new URL(env.FAIRQ_URI!);
    const management = new Management({ ...vhost.address, username, password, vhost: '/' });
    const limits = new BacklogLimits({ policies: management.policies, names, nowMs: () => Date.now() });
    await expect(limits.check(backlogDocument({}), backlogDocument({ A: 1 }))).rejects.toMatchObject({
      kind: 'refused',
    });
    await management.close();
  });
});
