import { Counter, Gauge, type Registry } from 'prom-client';
import type { WorkerPromotions } from '../../../core/reports/worker-report.js';
import type { LightTasks } from '../../../core/top/light-tasks.js';

/** Of a worker, where light users share queues. */
export interface SharedFigures {
  readonly light: Pick<LightTasks, 'users' | 'tasks'>;
  readonly promotions: WorkerPromotions;
}

/** Figures that name no user: so there is one series of each. */
export function addSharedMetrics(registers: Registry[], figures: () => SharedFigures): void {
  const gauge = (name: string, help: string, of: (now: SharedFigures) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(of(figures()));
      },
    });
  const counter = (name: string, help: string, of: (now: WorkerPromotions) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(of(figures().promotions));
      },
    });
  gauge(
    'fairq_light_users',
    'Users that share queues and of whom tasks were delivered to it and have not started.',
    ({ light }) => light.users,
  );
  gauge(
    'fairq_light_tasks_held',
    'Tasks that were delivered to it out of queues that users share, and have not started.',
    ({ light }) => light.tasks,
  );
  counter(
    'fairq_users_promoted_total',
    'Users that shared queues and got one of their own from it.',
    ({ users }) => users,
  );
  counter(
    'fairq_tasks_moved_total',
    "Tasks that it moved out of shared queues into their users' own.",
    ({ movedTasks }) => movedTasks,
  );
  counter(
    'fairq_queues_demoted_total',
    'Queues that it took away again since they had been empty for a while.',
    ({ demoted }) => demoted,
  );
}
