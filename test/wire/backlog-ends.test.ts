import { afterEach, describe, expect, it } from 'vitest';
import { withPolicyLock } from '../../src/broker/policy/policy-lock.js';
import type { Explanation } from '../../src/core/explain/explanation.js';
import { namesFor } from '../../src/core/queues/names.js';
import { backlogDocument, setBacklogs } from '../support/backlog.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { useServing } from '../support/serving.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const users = useLimitedUsers(vhost);
const { env } = vhost;
const WAIT_MS = 60_000;
const LATER = Date.now() + 3_600_000;

const started: FairqHere[] = [];
afterEach(async () => {
  for (const one of started) one.signal('SIGTERM');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

/** A worker that serves no user here, so that what is published waits. */
async function worker(as = env): Promise<FairqHere> {
  const one = new FairqHere(['worker', '--queues', 'fairq.user.nobody'], as);
  started.push(one);
  await one.says(/ready, /);
  return one;
}

const policies = async () => (await vhost.management.policies.list()).map(({ name }) => name);
const ended = () =>
  eventually(async () => (await policies()).length === 0, {
    timeoutMs: WAIT_MS,
    what: 'the limit has ended',
  });
const publish = (user: string, count: number) => fairq(env, 'publish', '--user', user, '--count', `${count}`);

/** A limit whose end comes while nobody is there who may end it at the broker. */
async function leaveEnded(user: string): Promise<void> {
  await setBacklogs(vhost, connected.current, { [user]: { value: 5, until: LATER } });
  await withPolicyLock(connected.current, namesFor('fairq'), async (policy) => {
    const newest = await policy.newest();
    const revision = typeof newest === 'object' ? newest.revision + 1 : 1;
    await policy.append(backlogDocument({ [user]: { value: 5, until: 1 } }, revision));
  });
}

describe('a backlog limit that ends', () => {
  it('ends at the broker where a worker runs that may end it', async () => {
    await worker();
    await worker();
    await fairqJson(env, 'policy', 'set', 'A', '--backlog', '5');
    expect((await publish('A', 10)).code).toBe(3);
    await fairqJson(env, 'policy', 'set', 'A', '--backlog', '5', '--for', '1s');
    await ended();
    expect(await publish('A', 10)).toMatchObject({ code: 0 });
    expect(await vhost.ready('fairq.user.A')).toBe(15);
    // One that has ended while no worker was there ends with the next one.
    for (const one of started) one.signal('SIGTERM');
    await leaveEnded('A');
    expect(await policies()).toEqual(['fairq-backlog-fairq/A']);
    await worker();
    await ended();
  });

  it('leaves a later one, and those of other rules', async () => {
    await worker();
    await fairqJson(env, 'policy', 'set', 'B*', '--backlog', '7');
    await fairqJson(env, 'policy', 'set', 'B', '--backlog', '6', '--for', '1h');
    await fairqJson(env, 'policy', 'set', 'Bob', '--backlog', '5', '--for', '1s');
    const others = ['fairq-backlog-fairq/B', 'fairq-backlog-fairq/B%2A'];
    await eventually(async () => (await policies()).length === 2, {
      timeoutMs: WAIT_MS,
      what: 'one has ended',
    });
    expect((await policies()).sort()).toEqual(others);
    await fairqJson(env, 'policy', 'unset', 'B*');
    await fairqJson(env, 'policy', 'unset', 'B');
    expect(await policies()).toEqual([]);
  });
});

describe('a backlog limit that has ended where nobody may end it at the broker', () => {
  it('is named by the worker once, by explain and by the looks at the policy, until doctor ends it', async () => {
    const limited = await users.make({ configure: '.*', write: '.*', read: '.*', tags: 'management' });
    await leaveEnded('D');
    expect((await publish('D', 5)).code).toBe(0);
    const one = await worker(limited);
    await one.says(/a backlog limit has ended, and RabbitMQ goes on with it: the user "limited-/);
    expect(one.stderr).toMatch(/policymaker[\s\S]+Or run "fairq doctor --repair"/);
    const left = [{ name: 'D', backlog: { value: 5, until: 1 } }];
    expect(await fairqJson(limited, 'policy', 'list')).toMatchObject({ rules: [], endedInForce: left });
    expect(await fairqJson(env, 'policy', 'show', 'D')).toMatchObject({ inForce: {}, endedInForce: left });
    expect(await fairqJson(env, 'policy', 'show', 'E')).toMatchObject({ endedInForce: [] });
    const { stdout } = await fairq(env, 'policy', 'show', 'D');
    expect(stdout).toContain(
      'D: backlog 5 until 1970-01-01T00:00:00Z has ended, and RabbitMQ still goes by it.',
    );
    const { reasons } = await fairqJson<Explanation>(env, 'explain', 'D');
    expect(reasons).toContainEqual({ why: 'backlog-full', limit: 5, ready: 5, endedRule: 'D' });
    // Who may not do it is told so, and the rest is repaired.
    const refused = await fairq(limited, 'doctor', '--repair', '--yes');
    expect(refused.stderr).toMatch(/backlog limits are not put right: the user "limited-/);
    expect(await policies()).toEqual(['fairq-backlog-fairq/D']);
    const repaired = await fairqJson(env, 'doctor', '--repair', '--yes');
    const removed = ['fairq-backlog-fairq/D'];
    expect(repaired).toMatchObject({ repaired: [], rabbitPolicies: { set: [], removed } });
    expect(await policies()).toEqual([]);
    expect(one.stderr.match(/has ended/g)).toHaveLength(1);
  });
});

describe('a backlog limit that ends where only a server runs', () => {
  useServing(env);

  it('ends at the broker', async () => {
    await fairqJson(env, 'policy', 'set', 'C', '--backlog', '5', '--for', '1s');
    await ended();
  });
});
