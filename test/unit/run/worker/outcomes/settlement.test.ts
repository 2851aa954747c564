import { expect, it } from 'vitest';
import type { WrittenMessage } from '../../../../../src/broker/streams/confirmed-writer.js';
import type { TaskEvent } from '../../../../../src/core/events/task-event.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import { Settlement } from '../../../../../src/run/worker/outcomes/settlement.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';
import { taskEvent } from '../../../../support/synthetic-run.js';

class Writer {
  readonly written: WrittenMessage[] = [];
  write(message: WrittenMessage): void {
    this.written.push(message);
    message.onSend?.();
  }
  confirm(): void {
    this.written.shift()?.onConfirmed();
  }
}

function open() {
  const writers = { completions: new Writer(), results: new Writer(), answers: new Writer() };
  const settled: DeliveredTask[] = [];
  const texts: string[] = [];
  const settlement = new Settlement(
    namesFor('fairq'),
    { name: 'w', queueKind: { type: 'classic', ordered: false } },
    { send: async () => ({ kind: 'taken' }) },
    {
      acknowledgedSoFar: () => 0,
      onSettled: (tasks, { text }) => {
        settled.push(...tasks);
        texts.push(text);
      },
      onWarning: () => {},
      onFailure: () => {},
    },
    writers,
  );
  const finish = (event: Partial<TaskEvent> & { readonly id: string }, result?: string) => {
    if (result !== undefined) settlement.result(result);
    const task = {} as DeliveredTask;
    settlement.finished(task, taskEvent({ user: 'A', ...event }));
    settlement.flush();
    return task;
  };
  return { settlement, finish, settled, texts, ...writers };
}

it('writes a completion when the result that it speaks of is confirmed, and acknowledges its task after both', () => {
  const { finish, settled, completions, results } = open();
  const task = finish({ id: '1' }, 'a line');
  expect(completions.written).toHaveLength(0);
  results.confirm();
  expect(completions.written).toHaveLength(1);
  expect(settled).toEqual([]);
  completions.confirm();
  expect(settled).toEqual([task]);
});

it('lets no completion overtake one that waits for its result', () => {
  const { finish, completions, results } = open();
  finish({ id: '1', attempt: 1, outcome: 'retrying' }, 'a line');
  finish({ id: '1', attempt: 2 });
  expect(completions.written).toHaveLength(0);
  results.confirm();
  const attempts = completions.written.map(({ body }) => JSON.parse(body.toString('utf8')).attempt);
  expect(attempts).toEqual([[1], [2]]);
});

it('tells with settled tasks what was written of them', () => {
  const { finish, texts, completions } = open();
  finish({ id: '1' });
  const written = completions.written[0]?.body.toString();
  completions.confirm();
  expect(texts).toEqual([written]);
});

it('says at its end that all is settled when the broker has what it was told of attempts that were given up', async () => {
  const { settlement, settled, completions } = open();
  const attempt = {
    id: '1',
    user: 'A',
    run: '',
    attempt: 1,
    worker: 'w',
    started: 1,
    freeFrom: 2,
    finished: 3,
  };
  settlement.givenUp([attempt]);
  let isSettled = false;
  const all = settlement.settled().then(() => {
    isSettled = true;
  });
  await Promise.resolve();
  expect(isSettled).toBe(false);
  completions.confirm();
  await all;
  expect(settled).toEqual([]);
  expect(settlement.pending).toBe(0);
});
