import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/commands/shared/context.js';
import { Narration } from '../../../src/commands/worker/narration.js';
import type { WorkerSnapshot } from '../../../src/core/reports/worker-report.js';

const NOTHING: WorkerSnapshot = {
  completed: 0,
  failed: 0,
  retried: 0,
  running: 0,
  held: 0,
  queues: 3,
  active: 0,
};

function narrate(verbose = false) {
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  const context = { say: note, warn: note, detail: note, verbose } as unknown as Context;
  const narration = new Narration(context, 'w1', 4, 30_000);
  const fail = (user: string, count: number) => {
    const { onTaskFailed } = narration.listener();
    for (let i = 0; i < count; i++) onTaskFailed(user, `${user}-${i}`, `boom of ${user}`, undefined);
  };
  const take = () => lines.splice(0);
  return { narration, fail, take };
}

describe('the log of a worker', () => {
  it('counts users apart from queues, which several may share', () => {
    const { narration, take } = narrate();
    narration.sumUp({ ...NOTHING, completed: 1, running: 2, active: 900, queues: 64 });
    expect(take()).toEqual([
      'in the last minute 1 task done; 2 running, 0 held, 900 users active, 64 queues served',
    ]);
  });

  it('calls a queue that users share one', () => {
    const { narration, take } = narrate();
    narration.listener().onPrefetch?.('fairq.spread.64.0', { size: 64, reason: 'spread' });
    expect(take()).toEqual([expect.stringContaining('shared queue "fairq.spread.64.0": 64 tasks')]);
  });

  it('sums up what came of it since the last summary', () => {
    const { narration, take } = narrate();
    narration.sumUp({ ...NOTHING, completed: 1_200, failed: 3, running: 4, held: 20, active: 2 });
    expect(take()).toEqual([
      'in the last minute 1,200 tasks done, 3 failed for good; 4 running, 20 held, 2 users active, 3 queues served',
    ]);
    narration.sumUp({ ...NOTHING, completed: 1_201, failed: 3, retried: 2 });
    expect(take()).toEqual([
      'in the last minute 1 task done, 2 to be tried again; 0 running, 0 held, 0 users active, 3 queues served',
    ]);
  });

  it('says once that nothing comes, and goes on when something does', () => {
    const { narration, take } = narrate();
    for (let i = 0; i < 3; i++) narration.sumUp(NOTHING);
    expect(take()).toHaveLength(1);
    narration.sumUp({ ...NOTHING, completed: 1 });
    expect(take()).toHaveLength(1);
    narration.sumUp({ ...NOTHING, completed: 1, running: 1 });
    expect(take(), 'a task that runs for long is not nothing').toHaveLength(1);
  });

  it('names five failures between two summaries, and then says whose the others were', () => {
    const { narration, fail, take } = narrate();
    for (let minute = 1; minute <= 2; minute++) {
      fail('A', 5);
      fail('A', 200);
      for (const user of ['B', 'C', 'D', 'E']) fail(user, 3);
      expect(take().filter((line) => line.startsWith('task '))).toHaveLength(5);
      narration.sumUp({ ...NOTHING, failed: minute * 217 });
      expect(take().at(-1)).toBe(
        'failures that were not shown: 200 of user "A" (the last: "boom of A"), 3 of user "B" (the last: "boom of B"), 3 of user "C" (the last: "boom of C"), 6 of others',
      );
    }
  });

  it('names all of them with --verbose', () => {
    const { narration, fail, take } = narrate(true);
    fail('A', 50);
    narration.sumUp({ ...NOTHING, failed: 50 });
    expect(take()).toHaveLength(51);
  });

  it('holds no more than some users, however many fail', () => {
    const { narration, fail, take } = narrate();
    for (let i = 0; i < 5_000; i++) fail(`user-${i}`, 1);
    take();
    narration.sumUp({ ...NOTHING, failed: 5_000 });
    expect(take().at(-1)).toContain('4,992 of others');
  });
});
