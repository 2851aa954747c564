import { expect, it } from 'vitest';
import { useFaultBroker } from '../faults/support/fault-broker.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { FairqOnTerminal } from '../support/terminal.js';

const broker = useFaultBroker('collect_statistics_interval = 500');
const folder = useFolder();

/** An alarm that nothing but we raise and lift: what a broker low on memory has. */
const raise = () => broker.evaluate('rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).');
const lift = () => broker.evaluate('rabbit_alarm:clear_alarm({resource_limit, memory, node()}).');

it.each([
  ['queues prune', ['queues', 'prune', '--idle-for', '1s']],
  ['queues delete', ['queues', 'delete', 'user-1']],
])('%s is refused, and deletes nothing, where the alarm comes after it has begun', async (_, args) => {
  const env = {
    FAIRQ_URI: broker.uri,
    FAIRQ_MANAGEMENT_URI: broker.managementUri,
    XDG_STATE_HOME: folder.file('state'),
  };
  await fairqJson(env, 'publish', '--users', '3', '--count', '1');
  await fairqJson(env, 'worker', '--exit-when', 'empty');
  const users = async () =>
    [...(await broker.queues('%2F')).keys()].filter((name) => name.startsWith('fairq.user.'));
  const before = await users();
  expect(before).toHaveLength(3);
  const seenIdle = async () => {
    const prune = ['queues', 'prune', '--idle-for', '1s', '--dry-run'];
    return (await fairqJson<{ idle: number }>(env, ...prune)).idle === 3;
  };
  await eventually(seenIdle, { timeoutMs: 60_000, what: 'the queues have been seen idle' });
  // It has seen that there was no alarm, and asks. The broker's counts may move once more on a busy machine, and a queue
  // that is not idle after all is not asked about.
  const asks = async () => {
    const one = new FairqOnTerminal(args, env);
    await one.shows(/\[y\/N\]|\(y\/n\)|ENDED/i);
    return one.shown.includes('ENDED') ? undefined : one;
  };
  const asking = await eventually(asks, { timeoutMs: 120_000, what: 'it asks' });
  await raise();
  try {
    asking.type('y\n');
    const shown = await asking.ended();
    expect(shown).toContain('ENDED 77');
    expect(shown).toContain('the broker has come under an alarm');
  } finally {
    await lift();
  }
  expect(await users()).toEqual(before);
});
