import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useFaultBroker } from './support/fault-broker.js';

const broker = useFaultBroker();
const folder = useFolder();
const HANDLER = fileURLToPath(new URL('support/gated-tasks.mjs', import.meta.url));
const VHOST = 'slow-queue';
const PREFETCH = 20;
/** B's task during which its queue falls silent, and A's during which it sends again. */
const SILENT_AT = 10;
const SENDS_AT = 150;
const WITHIN = { timeoutMs: 60_000 };

/** What the broker's process of B's queue is to do. */
function queueOfB(what: 'suspend' | 'resume'): Promise<string> {
  return broker.evaluate(
    `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"${VHOST}">>, queue, <<"fairq.user.B">>)), sys:${what}(amqqueue:get_pid(Q)).`,
  );
}

async function openGate(starts: string, user: string): Promise<void> {
  await writeFile(`${starts}.${user}`, '');
}

test('a user whose queue sends nothing for a while has the turns that it missed, as far as a window goes', async () => {
  await broker.makeVhost(VHOST);
  const env = {
    FAIRQ_URI: `${broker.uri.replace(/\/$/, '')}/${VHOST}`,
    FAIRQ_MANAGEMENT_URI: broker.managementUri,
  };
  const starts = folder.file('starts');
  const started = async () => (await readFile(starts, 'utf8').catch(() => '')).split('');
  const startedOf = async (user: string) => (await started()).filter((one) => one === user).length;
  await fairqJson(env, 'publish', '--user', 'A', '--count', '400', '--task', 'work');
  await fairqJson(env, 'publish', '--user', 'B', '--count', '100', '--task', 'work');
  const flags = ['--concurrency', '1', '--prefetch', `${PREFETCH}`, '--exit-when', 'empty'];
  const gates = { STARTS: starts, GATE_AT: JSON.stringify({ A: SENDS_AT, B: SILENT_AT }) };
  const worker = new RunningFairq(['worker', '--handler', HANDLER, ...flags], { ...env, ...gates });
  await eventually(async () => (await startedOf('B')) === SILENT_AT, { ...WITHIN, what: "B's gate" });
  await queueOfB('suspend');
  await openGate(starts, 'B');
  await eventually(async () => (await startedOf('A')) === SENDS_AT, { ...WITHIN, what: "A's gate" });
  const before = (await started()).length;
  expect(await startedOf('B')).toBeLessThan(SILENT_AT + 2 * PREFETCH);
  await queueOfB('resume');
  const held = async () => (await broker.queues(VHOST)).get('fairq.user.B')?.unacknowledged === PREFETCH;
  await eventually(held, { ...WITHIN, what: "B's tasks at the worker" });
  await openGate(starts, 'A');
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(0);
  const after = (await started()).slice(before).join('');
  const caughtUp = after.slice(0, PREFETCH - 5);
  expect(caughtUp).toBe('B'.repeat(caughtUp.length));
  // No more than that: from then on they take turns.
  expect(after.slice(0, 2 * PREFETCH + 10)).toContain('ABABABA');
  expect(after).toHaveLength(500 - before);
});
