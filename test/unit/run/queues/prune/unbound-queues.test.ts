import { describe, expect, it } from 'vitest';
import type { Removal } from '../../../../../src/broker/queues/queue-remover.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import type { PruneOutcome } from '../../../../../src/core/reports/queue-report.js';
import { UnboundQueues } from '../../../../../src/run/queues/prune/unbound-queues.js';

const NAMES = namesFor('fairq');
const OWN = { name: 'fairq.user.A', type: 'classic', consumers: 0 };
const FOREIGN = { name: 'celery_A', type: 'classic', consumers: 0 };

/** A broker that says what it is told to do; `removal` is its answer to a delete. */
class Steps {
  now = 0;
  removal: Removal = 'removed';
  isThere = true;
  readonly said: string[] = [];
  readonly outcomes: PruneOutcome[] = [];
  readonly queues = new UnboundQueues({
    remover: {
      bind: async (queue) => this.#say(`bind ${queue}`),
      unbind: async (queue) => this.#say(`unbind ${queue}`),
      removeUnused: async (queue) => {
        this.#say(`delete ${queue}`);
        return this.removal;
      },
      counts: async () => (this.isThere ? { ready: 0, consumers: 0 } : undefined),
    },
    leaveRequests: { tellOf: (queue) => this.#say(`tell of ${queue}`) },
    foreignConsumers: {
      takeUp: async (queue) => this.#say(`take up ${queue}`),
      removed: (queue) => this.#say(`removed ${queue}`),
    },
    names: NAMES,
    clock: { now: () => this.now },
    onOutcome: (outcome) => this.outcomes.push(outcome),
  });

  #say(step: string): void {
    this.said.push(step);
  }
}

describe('an unbound queue', () => {
  it('is deleted, and is out of hand then', async () => {
    const steps = new Steps();
    const queue = await steps.queues.unbind(OWN);
    expect(steps.queues.all).toEqual([queue]);
    await steps.queues.remove(queue);
    expect(steps.said).toEqual(['unbind fairq.user.A', 'delete fairq.user.A', 'removed fairq.user.A']);
    expect(steps.outcomes).toEqual([{ queue: 'fairq.user.A', outcome: 'pruned' }]);
    expect(steps.queues.all).toEqual([]);
  });

  it('is bound again, and everybody is told, where the broker does not delete it', async () => {
    const steps = new Steps();
    steps.removal = 'used';
    await steps.queues.remove(await steps.queues.unbind(OWN));
    expect(steps.said.slice(2)).toEqual([
      'bind fairq.user.A',
      'tell of fairq.user.A',
      'take up fairq.user.A',
    ]);
    expect(steps.outcomes).toEqual([
      { queue: 'fairq.user.A', outcome: 'kept', reason: 'a task or a consumer came' },
    ]);
  });

  it('stays where it is down, and the outcome says so', async () => {
    const steps = new Steps();
    steps.removal = 'down';
    await steps.queues.remove(await steps.queues.unbind(OWN));
    expect(steps.outcomes).toMatchObject([
      { outcome: 'kept', reason: expect.stringContaining('it is down') },
    ]);
    expect(steps.queues.all).toEqual([]);
  });

  it('is not deleted when a publisher may have taken the pruner for dead', async () => {
    const steps = new Steps();
    const queue = await steps.queues.unbind(OWN);
    steps.now = 10_001;
    await steps.queues.remove(queue);
    expect(steps.said).not.toContain('delete fairq.user.A');
    expect(steps.outcomes[0]).toMatchObject({ outcome: 'kept', reason: 'the broker was too slow' });
  });

  it('keeps its binding where fairq did not make the queue', async () => {
    const steps = new Steps();
    await steps.queues.keep(await steps.queues.unbind(FOREIGN), 'a task came');
    expect(steps.said).toEqual(['tell of celery_A', 'take up celery_A']);
  });

  it('is bound again after a failure, unless it was deleted before', async () => {
    const steps = new Steps();
    const [first, second] = [await steps.queues.unbind(OWN), await steps.queues.unbind(FOREIGN)];
    await steps.queues.putBack(first, 'the connection was lost');
    steps.isThere = false;
    await steps.queues.putBack(second, 'the connection was lost');
    expect(steps.outcomes).toEqual([
      { queue: 'fairq.user.A', outcome: 'failed', reason: 'the connection was lost' },
      { queue: 'celery_A', outcome: 'pruned' },
    ]);
    expect(steps.queues.all).toEqual([]);
  });
});
