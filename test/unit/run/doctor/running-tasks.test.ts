import { expect, it } from 'vitest';
import type { WorkerPresence } from '../../../../src/broker/control/control.js';
import { running } from '../../../../src/run/doctor/worker-checks.js';

const NOW_MS = 10 * 3_600_000;
const minutesAgo = (minutes: number) => (NOW_MS - minutes * 60_000) * 1_000;

function heard(name: string, minutes?: number): WorkerPresence {
  const longest =
    minutes === undefined ? undefined : { id: 'x', user: 'A', type: 'render', started: minutesAgo(minutes) };
  const state = { slots: 2, free: 0, busy: 1, ready: true, longest };
  return { id: name, name, ...state, include: [], exclude: [], also: [] };
}

function found(...workers: WorkerPresence[]) {
  const broker = { vhost: undefined, why: 'not asked' };
  const facts = { version: '', channelMax: 0, channelsRefused: undefined, blocked: undefined };
  return running({ ...facts, refused: [], workers, broker }, NOW_MS);
}

it('doctor warns of the task that has run for longest, once it is long', () => {
  expect(found(heard('w1'))).toMatchObject({ level: 'ok' });
  expect(found(heard('w1', 14))).toMatchObject({ level: 'ok' });
  const { level, text, mend } = found(heard('w1', 16), heard('w2', 22));
  expect([level, text]).toEqual([
    'warning',
    'a task named "render" of user "A" has run for 22 min at worker "w2"',
  ]);
  expect(mend).toContain('fairq tasks --running');
});
