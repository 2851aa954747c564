import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../../../src/core/events/task-event.js';
import { TaskTrail } from '../../../../src/run/tasks/task-trail.js';
import { RecentTasks } from '../../../../src/serve/tasks/recent-tasks.js';

const NOW = 2_000_000;

function ended(id: string, fields: Partial<TaskEvent> = {}): TaskEvent {
  return {
    id,
    user: 'A',
    run: 'r',
    sequence: 1,
    attempt: 1,
    outcome: 'done',
    worker: 'w',
    enqueued: 1_000_000,
    sentLate: 0,
    started: 1_100_000,
    finished: 1_200_000,
    redelivered: false,
    hasResult: false,
    ...fields,
  };
}

function stateOf(recent: RecentTasks, id: string) {
  return recent.find(id)?.state({}, NOW);
}

describe('the tasks of the last while', () => {
  it('stand where the last thing says that was heard of them', () => {
    const recent = new RecentTasks();
    recent.onAnnounced({ at: 1_000_000, tasks: [{ id: 'a', user: 'A', task: 'mail', queue: 'q' }] });
    expect(stateOf(recent, 'a')).toMatchObject({
      state: 'queued',
      user: 'A',
      task: 'mail',
      enqueued: 1_000_000,
    });
    recent.onCompletions([ended('a', { outcome: 'retrying' })]);
    expect(stateOf(recent, 'a')).toMatchObject({ state: 'retrying', attempt: 1 });
    recent.onCompletions([ended('a', { attempt: 2 })]);
    expect(stateOf(recent, 'a')).toMatchObject({ state: 'done', attempt: 2, result: null });
    expect(recent.find('b')).toBeUndefined();
  });

  it('lack a result that a completion speaks of and that has not come', () => {
    const recent = new RecentTasks();
    recent.onCompletions([ended('a', { hasResult: true })]);
    expect(recent.find('a')?.lacksResult).toBe(true);
    const result = {
      id: 'a',
      attempt: 1,
      outcome: 'done',
      finished: 1_200_000,
      expires: 9_000_000,
      value: 7,
    } as const;
    recent.onResults([result]);
    expect(recent.find('a')?.lacksResult).toBe(false);
    expect(stateOf(recent, 'a')).toMatchObject({ state: 'done', result: 7 });
  });

  it('are forgotten in the order in which they came, where there are too many', () => {
    const recent = new RecentTasks(2);
    for (const id of ['a', 'b']) recent.onAnnounced({ at: 1, tasks: [{ id, user: 'A' }] });
    recent.onCompletions([ended('a')]);
    recent.onAnnounced({ at: 1, tasks: [{ id: 'c', user: 'A' }] });
    expect([recent.size, recent.find('a'), stateOf(recent, 'b')?.state]).toEqual([2, undefined, 'queued']);
  });

  it('hold results up to a size, whatever their number', () => {
    const recent = new RecentTasks();
    const value = 'x'.repeat(6_000_000);
    for (const id of ['a', 'b', 'c']) {
      recent.onCompletions([ended(id, { hasResult: true })]);
      recent.onResults([{ id, attempt: 1, outcome: 'done', finished: 1_200_000, expires: 9_000_000, value }]);
    }
    expect([recent.find('a'), stateOf(recent, 'c')?.state]).toEqual([undefined, 'done']);
  });

  it('are not replaced by what was read of them meanwhile', () => {
    const recent = new RecentTasks();
    const read = new TaskTrail('a');
    read.announcedAs({ id: 'a', user: 'A' }, 1_000_000);
    recent.onCompletions([ended('a')]);
    recent.adopt(read);
    expect(stateOf(recent, 'a')?.state).toBe('done');
    const other = new TaskTrail('b');
    other.announcedAs({ id: 'b', user: 'B' }, 1_000_000);
    recent.adopt(other);
    recent.onCompletions([ended('b', { user: 'B' })]);
    expect(stateOf(recent, 'b')).toMatchObject({ state: 'done', user: 'B' });
  });

  it('tell whoever watches one of them, until they do not', () => {
    const recent = new RecentTasks();
    let news = 0;
    const unwatch = recent.watch('a', () => {
      news++;
    });
    recent.onCompletions([ended('a'), ended('b')]);
    expect(news).toBe(1);
    unwatch();
    recent.onCompletions([ended('a')]);
    expect(news).toBe(1);
  });
});
