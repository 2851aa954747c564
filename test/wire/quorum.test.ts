import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

/** More than the limit of 20 that quorum queues have from 4.0, unless they are made without one. */
const TIMES_GIVEN_BACK = 25;

describe('quorum queues', () => {
  it('are worked off like any: what was published is completed, once', async () => {
    const load = ['--users', '3', '--count', '100', '--run', 'quorum', '--queue-type', 'quorum'];
    expect(await fairqJson(env, 'publish', ...load)).toMatchObject({ published: 300, confirmed: 300 });
    const { queues } = await fairqJson<{ queues: { type: string }[] }>(env, 'queues', 'list');
    expect(queues.map(({ type }) => type)).toEqual(['quorum', 'quorum', 'quorum']);
    expect(await fairqJson(env, 'worker', '--exit-when', 'empty')).toMatchObject({
      completed: 300,
      failed: 0,
      users: 3,
    });
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'quorum')).toMatchObject({
      published: 300,
      completed: 300,
      missing: 0,
      duplicates: 0,
    });
  });

  it('keep a task that is given back many times', async () => {
    await fairqJson(env, 'publish', '--user', 'returns', '--run', 'returns', '--queue-type', 'quorum');
    for (let times = 0; times < TIMES_GIVEN_BACK; times++) {
      const message = await eventually(() => vhost.channel.get('fairq.user.returns'), {
        timeoutMs: 60_000,
        what: `the task comes back for the ${times}th time`,
      });
      vhost.channel.nack(message, false, true);
    }
    expect(await fairqJson(env, 'worker', '--exit-when', 'empty')).toMatchObject({ completed: 1 });
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'returns')).toMatchObject({
      published: 1,
      completed: 1,
      missing: 0,
    });
  });
});
