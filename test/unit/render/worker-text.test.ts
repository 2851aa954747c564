import { describe, expect, it } from 'vitest';
import { reportOfNothing, type WorkerReport } from '../../../src/core/reports/worker-report.js';
import { renderWorker } from '../../../src/render/worker-text.js';

const style = { color: false, unicode: true, columns: 200 };
const lines = (about: Partial<WorkerReport>) =>
  renderWorker({ ...reportOfNothing('w1'), ...about }, style)
    .split('\n')
    .slice(1);

describe('the summary of a worker', () => {
  it("says of queues what one queue might have here, be it a user's or one that users share", () => {
    const holding = { most: 90, smallestWindow: 1, largestWindow: 64, reason: 'spread' } as const;
    expect(lines({ holding })).toEqual([
      'held at most 90 tasks at once, not started; one queue might have 1 to 64 tasks here, unacknowledged: so that a user who sends many shows, who then gets a queue of its own',
    ]);
  });

  it('says what this worker did for light users: others may have done the same for them', () => {
    expect(lines({ promotions: { users: 1, movedTasks: 300, demoted: 2 } })).toEqual([
      '1 light user with many tasks promoted by this worker to a queue of its own',
      '300 tasks moved by this worker to the queues that their users have now',
      '2 queues taken away by this worker, whose users had nothing left',
    ]);
    expect(lines({ promotions: { users: 2, movedTasks: 0, demoted: 0 } })).toEqual([
      '2 light users with many tasks promoted by this worker to queues of their own',
    ]);
  });
});
