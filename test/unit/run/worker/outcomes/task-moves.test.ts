import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { namesFor } from '../../../../../src/core/queues/names.js';
import type { Sent } from '../../../../../src/run/worker/outcomes/large-messages.js';
import { TaskMoves } from '../../../../../src/run/worker/outcomes/task-moves.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';
import { type TestConfirmChannel, testConnection } from '../../../../support/confirm-channels.js';

const LETTERS = 'fairq.dead';
const LARGE = 200_000;

let told: string[];
let channels: TestConfirmChannel[];
let moves: TaskMoves;
/** What the broker says of large messages. */
let largeAnswer: Sent;

const current = () => channels.at(-1)!;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const since = () => told.splice(0);

function task(id: string, bytes: number): DeliveredTask {
  const properties = { headers: {}, messageId: id };
  return { id, message: { content: Buffer.alloc(bytes), properties }, queue: { name: 'q' } } as DeliveredTask;
}

/** A task that has failed: for good, or to be tried again. */
function fail(id: string, isForGood: boolean, bytes = 1): void {
  const envelope = { user: 'A', run: 'r', sequence: 1, intendedAt: 0, sentAt: 0, attempt: 1 };
  const failed = { queue: 'q', envelope, startedAt: 0, endedAt: 1 };
  const fate = {
    onSafe: () => told.push(`safe ${id}`),
    onStuck: (queue: string) => told.push(`${id} is stuck at ${queue}`),
  };
  if (isForGood) moves.deadLetter(task(id, bytes), failed, { reason: 'it failed' }, fate);
  else moves.retry(task(id, bytes), failed, 1_000, fate);
}

beforeEach(async () => {
  vi.useFakeTimers();
  told = [];
  const test = testConnection();
  channels = test.channels;
  largeAnswer = { kind: 'taken' };
  const options = {
    queueKind: { type: 'classic', ordered: false },
    retry: { maxAttempts: 3, delaysMs: [1_000] },
  } as const;
  moves = await TaskMoves.open(
    test.connection,
    namesFor('fairq'),
    options,
    {
      send: async (queue) => {
        told.push(`large to ${queue}`);
        return largeAnswer;
      },
    },
    {
      onWarning: (text) => told.push(`warning: ${text.split('. ')[0]}`),
      onFailure: ({ message }) => told.push(message),
    },
  );
});

afterEach(() => {
  moves.close();
  vi.useRealTimers();
});

/** The broker takes nothing that is sent within so many milliseconds. */
async function refuse(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    while (current().published.length > 0) current().nack();
    await pass(100);
  }
}

describe('a task that is sent on', () => {
  it('is safe when the broker has it', async () => {
    fail('1', true);
    fail('2', false);
    expect(current().published.map(({ key }) => key)).toEqual([LETTERS, 'fairq.retry.1000ms']);
    expect([moves.pending, [...moves.tasks()].map(({ id }) => id)]).toEqual([2, ['1', '2']]);
    let isSettled = false;
    void moves.settled().then(() => {
      isSettled = true;
    });
    current().confirm();
    await pass(0);
    expect([since(), isSettled]).toEqual([['safe 1'], false]);
    current().confirm();
    await pass(0);
    expect([since(), isSettled, moves.pending]).toEqual([['safe 2'], true, 0]);
  });

  it('is sent again when its queue was missing, as soon as that is made', async () => {
    fail('1', true);
    current().return();
    expect(since()).toEqual([]);
    await pass(100);
    expect(current().ids).toEqual(['1']);
    current().confirm();
    expect([since(), channels.length]).toEqual([['safe 1'], 1]);
  });

  it('is sent again when the channel was lost', async () => {
    fail('1', true);
    current().lose();
    await pass(100);
    expect(current().ids).toEqual(['1']);
  });
});

describe('a queue that takes nothing', () => {
  it('is tried on other channels for a while, and nobody is told of that', async () => {
    fail('1', true);
    await refuse(5_000);
    expect([since(), moves.pending, moves.stuck]).toEqual([[], 1, 0]);
    expect(channels.length).toBeGreaterThan(3);
    await pass(1_000);
    current().confirm();
    expect(since()).toEqual(['safe 1']);
  });

  it('holds up no worker that is to end: its tasks are stuck, and tried again', async () => {
    fail('1', true);
    await refuse(30_000);
    const text = `warning: the queue "${LETTERS}" takes no more: it is full, or a policy (max-length with reject-publish) limits it`;
    expect(since()).toEqual([`1 is stuck at ${LETTERS}`, text]);
    expect([moves.pending, moves.stuck, moves.stuckLetters]).toEqual([0, 1, 1]);
    await moves.settled();
    await pass(6_000);
    current().confirm();
    expect([since(), moves.stuck]).toEqual([['safe 1'], 0]);
  });

  it('has others stuck at once, which is said once for each and warned of once for all', async () => {
    fail('1', true);
    await refuse(30_000);
    since();
    fail('2', true);
    await refuse(100);
    expect(since()).toEqual([`2 is stuck at ${LETTERS}`]);
    fail('3', false);
    current().confirm();
    expect(since()).toEqual(['safe 3']);
  });
});

describe('a large task', () => {
  it('has a channel of its own, which no loss of the usual one has sent again', async () => {
    fail('1', true, LARGE);
    expect(current().published).toEqual([]);
    await pass(0);
    expect(since()).toEqual([`large to ${LETTERS}`, 'safe 1']);
  });

  it('is stuck where the broker takes none of its size', async () => {
    largeAnswer = { kind: 'too large', limit: 100 };
    fail('1', true, LARGE);
    await pass(0);
    expect(since()).toEqual([
      `large to ${LETTERS}`,
      `1 is stuck at ${LETTERS}`,
      `warning: the queue "${LETTERS}" takes no message of more than 100 bytes`,
    ]);
    current().lose();
    await pass(100);
    expect([since(), current().published]).toEqual([[], []]);
  });
});
