import { beforeAll, describe, expect, it } from 'vitest';
import { namesFor } from '../../../src/core/queues/names.js';
import { systemClock } from '../../../src/process/system-clock.js';
import { OldestTasks } from '../../../src/serve/overview/oldest-tasks.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { taskEvent } from '../../support/synthetic-run.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const names = namesFor('fairq');
const epochMs = () => systemClock.epochMicros() / 1_000;
const USERS = [
  { user: 'A', backlog: 3 },
  { user: 'B/%', backlog: 1 },
  { user: 'nothing waits', backlog: 0 },
  { user: 'no queue', backlog: 2 },
];
const begun = epochMs();

beforeAll(async () => {
  await fairqJson(vhost.env, 'publish', '--user', 'A', '--count', '3');
  await fairqJson(vhost.env, 'publish', '--user', 'B/%', '--count', '1');
});

describe.each([
  ['listed', 300],
  ['asked one by one, of many queues', 0],
])('the oldest tasks, %s', (_, mostListed) => {
  const open = async () => {
    const deps = { management: vhost.management, names, now: systemClock.now, epochMs, mostListed };
    // The broker's own figures come late, and a new one asks at once.
    return eventually(
      async () => {
        const oldest = new OldestTasks(deps);
        await oldest.keepUp(USERS);
        return oldest.waitedMs('A') !== null && oldest.waitedMs('B/%') !== null && oldest;
      },
      { timeoutMs: 60_000, what: 'the broker to say when the first tasks were sent' },
    );
  };

  it('are those of the users that have something', async () => {
    const oldest = await open();
    // The broker says whole seconds.
    expect(oldest.waitedMs('A')).toBeLessThan(epochMs() - begun + 1_000);
    expect(oldest.waitedMs('nothing waits')).toBeNull();
    expect(oldest.waitedMs('no queue')).toBeNull();
    expect(oldest.askedSecondsAgo).not.toBeNull();
  });

  it('were not sent before one that has ended meanwhile', async () => {
    const oldest = await open();
    const enqueued = systemClock.epochMicros() + 3_600_000_000;
    oldest.onCompletions([taskEvent({ id: 'x', user: 'A', run: 'r', enqueued })]);
    expect(oldest.waitedMs('A')).toBe(0);
    expect(oldest.waitedMs('B/%')).not.toBe(0);
    oldest.onCompletions([taskEvent({ id: 'y', user: 'B/%', run: 'r', enqueued, attempt: 2 })]);
    expect(oldest.waitedMs('B/%')).not.toBe(0);
  });

  it('of a user that had nothing for a moment are not known', async () => {
    const oldest = await open();
    await oldest.keepUp(USERS.filter(({ user }) => user !== 'A'));
    expect(oldest.waitedMs('A')).toBeNull();
    expect(oldest.waitedMs('B/%')).not.toBeNull();
  });
});
