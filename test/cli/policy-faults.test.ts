import { afterEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { withPolicyLock } from '../../src/broker/policy/policy-lock.js';
import { takeLock } from '../../src/broker/queues/lock.js';
import { assertPolicyStream } from '../../src/broker/queues/topology.js';
import { NO_POLICY } from '../../src/core/policy/policy-document.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { PolicyChangeReport, PolicyList } from '../../src/core/reports/policy-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson } from '../support/fairq.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connection = useConnection(vhost);
const { env } = vhost;
const names = namesFor('fairq');
const WAIT_MS = 60_000;

const workers: FairqHere[] = [];

async function worker(name: string): Promise<FairqHere> {
  const one = new FairqHere(['worker', '--name', name], env);
  workers.push(one);
  await one.says(/ready, /, WAIT_MS);
  return one;
}

afterEach(async () => {
  for (const one of workers) one.signal('SIGTERM');
  await Promise.all(workers.splice(0).map(({ ended }) => ended));
  await vhost.channel.deleteQueue('fairq.policy');
});

const change = (...args: string[]) => fairqJson<PolicyChangeReport>(env, ...args);

describe('the stream of the policy', () => {
  it('is written again by a worker where somebody deletes it, and the next change goes on from there', async () => {
    await change('policy', 'set', 'A', '--weight', '2');
    await change('policy', 'set', 'B', '--weight', '3');
    const one = await worker('w1');
    await vhost.channel.deleteQueue('fairq.policy');
    await one.says(/revision 2 of the policy is written again/, WAIT_MS);
    expect(await change('policy', 'set', 'A', '--weight', '4')).toMatchObject({ revision: 3, late: [] });
    const { rules } = await fairqJson<PolicyList>(env, 'policy', 'list');
    expect(rules.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  it('is put right where somebody made it anew with an older document', async () => {
    await change('policy', 'set', 'A', '--weight', '2');
    await change('policy', 'set', 'A', '--weight', '3');
    const one = await worker('w1');
    await withPolicyLock(connection.current, names, async (policy) => {
      await vhost.channel.deleteQueue('fairq.policy');
      await policy.append({ ...NO_POLICY, revision: 1, what: 'older' });
    });
    await one.says(/revision 2 of the policy is written again/, WAIT_MS);
    expect(await fairqJson<PolicyList>(env, 'policy', 'list')).toMatchObject({ revision: 2 });
  });
});

describe('an operator that is killed', () => {
  it('before it writes locks nobody out, and leaves a stream that the next one writes to', async () => {
    const operator = await openConnection(vhost.address, 'an operator');
    await takeLock(operator, names.policyLock);
    await assertPolicyStream(operator, names);
    const second = change('policy', 'set', 'A', '--weight', '2');
    let isDone = false;
    second.then(() => {
      isDone = true;
    });
    await eventually(async () => (await vhost.management.connectionNames()).includes('fairq policy set'), {
      timeoutMs: WAIT_MS,
      what: 'the second operator is there',
    });
    expect(isDone).toBe(false);
    await operator.close();
    expect(await second).toMatchObject({ revision: 1 });
  });

  it('after it has written has changed the policy, though nobody was told', async () => {
    await worker('w1');
    const at = Date.now();
    const paused = { value: true as const, by: 'ann', at };
    await withPolicyLock(connection.current, names, (policy) =>
      policy.append({
        ...NO_POLICY,
        revision: 1,
        at,
        by: 'ann',
        what: 'A: paused',
        rules: [{ of: 'user', name: 'A', limits: { paused } }],
      }),
    );
    expect(await change('pause', 'A')).toMatchObject({ changed: false, revision: 1, late: [] });
  });
});

describe('a pause that is flipped again and again', () => {
  it('loses no task, runs none twice, and ends as the last change says', async () => {
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'sleep', '--duration', '1ms', '--count', '500');
    const one = await worker('w1');
    const paused = { value: true as const, by: 'ann', at: Date.now() };
    const limits = { paused };
    await withPolicyLock(connection.current, names, async (policy) => {
      for (let revision = 1; revision <= 40; revision++) {
        await policy.append({
          ...NO_POLICY,
          revision,
          at: Date.now(),
          rules: revision % 2 === 1 ? [{ of: 'user', name: 'A', limits }] : [],
        });
      }
    });
    await eventually(async () => (await vhost.ready('fairq.user.A')) === 0, {
      timeoutMs: WAIT_MS,
      what: 'A is done',
    });
    expect(await change('pause', 'A')).toMatchObject({ revision: 41, late: [] });
    one.signal('SIGTERM');
    const { stdout } = await one.ended;
    expect(stdout).toContain('500 tasks done of 1 user');
  });
});

describe('a task of a paused user that failed', () => {
  it('waits in its queue when its next attempt is due', async () => {
    await fairqJson(env, 'publish', '--user', 'R', '--task', 'nosuch', '--count', '1');
    const one = new FairqHere(['worker', '--max-attempts', '2', '--backoff', '2s'], env);
    workers.push(one);
    await one.says(/ready, /, WAIT_MS);
    await eventually(async () => (await vhost.ready('fairq.user.R')) === 0, {
      timeoutMs: WAIT_MS,
      what: 'it has failed, or is about to',
    });
    await change('pause', 'R');
    await eventually(async () => (await vhost.ready('fairq.user.R')) === 1, {
      timeoutMs: WAIT_MS,
      what: 'its next attempt waits',
    });
    await change('resume', 'R');
    await eventually(async () => (await vhost.ready('fairq.dead')) === 1, {
      timeoutMs: WAIT_MS,
      what: 'its next attempt has failed as well',
    });
  });
});
