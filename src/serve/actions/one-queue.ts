import type { OnBroker } from '../../broker/on-broker.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { FairqError } from '../../core/errors/errors.js';
import { type Names, userQueueOf } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { deleteQueue } from '../../run/queues/queue-deletion.js';
import { purgeAtMost } from '../../run/queues/queue-purge.js';
import { Problem } from '../http/problem.js';
import type { Acting } from './acting.js';
import { badToken, type PlanTokens } from './plan-token.js';

export interface ActionDeps {
  readonly acting: Acting;
  readonly tokens: PlanTokens;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What would be done with one queue. */
export interface QueuePlan {
  readonly action: 'purge' | 'delete';
  readonly carriedOut: false;
  readonly user: string;
  readonly queue: string;
  /** That wait in it, and would be thrown away. */
  readonly tasks: number;
  readonly token: string;
  readonly expiresAt: string;
}

export interface QueueOutcome {
  readonly action: 'purge' | 'delete';
  readonly carriedOut: true;
  readonly user: string;
  readonly queue: string;
  /** Thrown away. */
  readonly tasks: number;
}

/** Throws away what waits in the queue of one user, or the queue. */
export class QueueActions {
  constructor(private readonly deps: ActionDeps) {}

  async planPurge(user: string): Promise<QueuePlan> {
    const queue = queueOf(this.deps.names, user);
    return this.deps.acting.plan(async (broker) => {
      const ready = await this.#ready(broker, queue);
      if (ready === undefined) throw await this.#whyNoQueue(broker, user);
      return this.#purgePlan(user, queue, ready);
    });
  }

  /** @throws Problem 409 where there is more than was planned, or nothing any more */
  async purge(user: string, token: string, by: string): Promise<QueueOutcome> {
    const { acting, tokens, names, clock, newId } = this.deps;
    const plan = tokens.read('purge', token);
    const queue = queueOf(names, user);
    if (plan.queue !== queue) throw badToken('It is of the queue of another user.');
    const head = { action: 'purge', by, user };
    return acting.carryOut(
      head,
      async (broker, progress) => {
        const now = await this.#ready(broker, queue);
        if (now === undefined) throw planChanged('The queue is no longer there.', null);
        if (now > plan.ready) throw moreTasks(plan.ready, now, this.#purgePlan(user, queue, now));
        const deps = { ...broker, names, clock, newId };
        const purged = await purgeAtMost(deps, queue, plan.ready, () => {
          progress.state =
            'Whether its tasks were thrown away is not known. The queue is bound again by whoever sends to it.';
        });
        if (purged === undefined) throw planChanged('The queue is no longer there.', null);
        if (purged.ready > plan.ready) {
          throw moreTasks(plan.ready, purged.ready, this.#purgePlan(user, queue, purged.ready));
        }
        return { action: 'purge', carriedOut: true, user, queue, tasks: purged.purged } as const;
      },
      ({ tasks }) => ({ tasks }),
    );
  }

  /** @param withTasks throws away what waits in it, too. @throws Problem 409 where something does and this is false */
  async planDelete(user: string, withTasks: boolean): Promise<QueuePlan> {
    const queue = queueOf(this.deps.names, user);
    return this.deps.acting.plan(async (broker) => {
      const ready = await this.#ready(broker, queue);
      if (ready === undefined) throw await this.#whyNoQueue(broker, user);
      if (ready > 0 && !withTasks) {
        throw new Problem(
          409,
          'queue-has-tasks',
          'Tasks wait in the queue',
          `${ready} wait. Say "withTasks": true to throw them away, or let workers run them first.`,
          { more: { tasks: ready } },
        );
      }
      return this.#deletePlan(user, queue, ready, withTasks);
    });
  }

  /** @throws Problem 409 where there is more than was planned, or the queue is in use */
  async delete(user: string, token: string, by: string): Promise<QueueOutcome> {
    const { acting, tokens, names, clock, newId } = this.deps;
    const { queue: planned, ready, withTasks } = tokens.read('delete', token);
    const queue = queueOf(names, user);
    if (planned !== queue) throw badToken('It is of the queue of another user.');
    const head = { action: 'delete', by, user };
    return acting.carryOut(
      head,
      async (broker, progress) => {
        const definition = await broker.management.queueDefinition(queue);
        const now = await this.#ready(broker, queue);
        if (now === undefined || definition === undefined)
          throw planChanged('The queue is no longer there.', null);
        const more = (count: number) =>
          moreTasks(ready, count, withTasks ? this.#deletePlan(user, queue, count, true) : null);
        const throwsAway = withTasks && ready > 0;
        if (now > ready) throw more(now);
        const workers = await broker.management.workersConnected();
        const outcome = await deleteQueue(
          { ...broker, names, clock, newId },
          { name: queue, type: definition.type },
          {
            tasks: throwsAway ? 'discard' : 'refuse',
            workers,
            ...(throwsAway && { most: ready }),
            onBegun: () => {
              progress.state =
                'Whether the queue is still there is not known. If it is, whoever sends to it binds it again.';
            },
          },
        );
        if (!outcome.deleted) {
          const left = (await this.#ready(broker, queue)) ?? 0;
          if (left > ready) throw more(left);
          throw new Problem(
            409,
            'queue-in-use',
            'The queue is in use',
            `It is still there: ${outcome.reason}.`,
          );
        }
        return { action: 'delete', carriedOut: true, user, queue, tasks: outcome.discarded } as const;
      },
      ({ tasks }) => ({ tasks }),
    );
  }

  async #ready({ connection }: OnBroker, queue: string): Promise<number | undefined> {
    return (await new QueueRemover(connection, this.deps.names, 1).counts(queue))?.ready;
  }

  async #whyNoQueue({ connection }: OnBroker, user: string): Promise<Problem> {
    const isShared = await isExchangeThere(connection, this.deps.names.spreadExchange);
    return isShared ? sharesQueue(user) : noSuchQueue(user);
  }

  #purgePlan(user: string, queue: string, ready: number): QueuePlan {
    const token = this.deps.tokens.make('purge', { queue, ready });
    return { action: 'purge', carriedOut: false, user, queue, tasks: ready, ...token };
  }

  #deletePlan(user: string, queue: string, ready: number, withTasks: boolean): QueuePlan {
    const token = this.deps.tokens.make('delete', { queue, ready, withTasks });
    return { action: 'delete', carriedOut: false, user, queue, tasks: ready, ...token };
  }
}

/** @param plan the new one; null where there is nothing to plan */
export function planChanged(why: string, plan: object | null): Problem {
  return new Problem(
    409,
    'plan-changed',
    'What is there is no longer what was planned',
    `Nothing was done. ${why}`,
    { more: { plan } },
  );
}

function moreTasks(planned: number, now: number, plan: object | null): Problem {
  return planChanged(`${planned} tasks were planned, and ${now} wait now.`, plan);
}

function queueOf(names: Names, user: string): string {
  try {
    return userQueueOf(names, user);
  } catch (error) {
    if (error instanceof FairqError) throw noSuchQueue(user);
    throw error;
  }
}

function noSuchQueue(user: string): Problem {
  return new Problem(
    404,
    'no-such-queue',
    'There is no such queue',
    `Nobody has sent anything for user ${shown(user)}, or its queue was deleted.`,
  );
}

function sharesQueue(user: string): Problem {
  return new Problem(
    404,
    'shares-queue',
    'The user has no queue of its own',
    `What waits of user ${shown(user)} is in a queue that light users share, and cannot be taken out of there alone. A pause gives the user a queue and stops it; workers move its tasks there.`,
  );
}

function shown(user: string): string {
  return JSON.stringify(user.length > 100 ? `${user.slice(0, 100)}…` : user);
}
