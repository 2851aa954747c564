import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { TaskAges, WorkerSnapshot } from '../../../core/reports/worker-report.js';
import type { PolicyFigures } from '../policy/policy-figures.js';
import type { Backlog } from './backlog.js';
import type { WorkerMetrics } from './metrics-contract.js';
import { addPolicyMetrics } from './policy-metrics.js';
import { addSharedMetrics, type SharedFigures } from './shared-metrics.js';

/** Users that are named: those with the largest backlog. The others are in the totals. */
const USERS_NAMED = 20;
const DWELL_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1_800];
const RUN_SECONDS = [0.0001, 0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300];

/** Asked at each scrape. */
export interface MetricsFigures {
  snapshot(): WorkerSnapshot;
  ages(): TaskAges;
  policy(): PolicyFigures;
  shared(): SharedFigures;
}

/**
 * A worker's figures in Prometheus' text format. However many users there are, the number of series is bounded:
 * what is told of single users is told of the few that have most waiting at the time.
 */
export class PrometheusMetrics implements WorkerMetrics {
  readonly #registry = new Registry();
  readonly #tasks: Counter<'outcome'>;
  readonly #dwell: Histogram;
  readonly #run: Histogram;
  readonly #ran = new Map<string, number>();
  readonly #userTasks: Counter<'user'>;
  readonly #userBacklog: Gauge<'user'>;
  readonly #allBacklog: Gauge;
  readonly #sharedBacklog: Gauge;
  readonly #backlogKnown: Gauge;
  readonly #redelivered: Counter;
  readonly #crashed: Counter;
  readonly #deadLetters: Gauge;

  /** @param backlog asked once for each scrape */
  constructor(
    worker: { readonly name: string; readonly slots: number; readonly version: string },
    figures: MetricsFigures,
    private readonly backlog: () => Promise<Backlog | undefined>,
  ) {
    const { snapshot, ages, policy, shared } = figures;
    const registers = [this.#registry];
    this.#registry.setDefaultLabels({ worker: worker.name });
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'fairq_worker_info',
      help: 'Always 1; which fairq it is.',
      labelNames: ['version'],
      registers,
    }).set({ version: worker.version }, 1);
    this.#tasks = new Counter({
      name: 'fairq_tasks_total',
      help: 'Attempts that ended here: done, failed for good, or to be tried again.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['done', 'failed', 'retrying']) this.#tasks.inc({ outcome }, 0);
    this.#dwell = new Histogram({
      name: 'fairq_task_dwell_seconds',
      help: 'From enqueued (of a paced load: from when it was due) to started.',
      buckets: DWELL_SECONDS,
      registers,
    });
    this.#run = new Histogram({
      name: 'fairq_task_run_seconds',
      help: 'From started to ended.',
      buckets: RUN_SECONDS,
      registers,
    });
    const gauge = (name: string, help: string, of: (now: WorkerSnapshot) => number) =>
      new Gauge({ name, help, registers, collect: collected(() => of(snapshot())) });
    gauge('fairq_slots', 'Tasks that it can run at a time.', () => worker.slots);
    gauge('fairq_tasks_running', 'Tasks that run.', ({ running }) => running);
    gauge('fairq_tasks_held', 'Tasks that were delivered to it and have not started.', ({ held }) => held);
    gauge('fairq_queues_consumed', 'Queues that it consumes.', ({ queues }) => queues);
    gauge('fairq_users_active', 'Users with tasks at it.', ({ active }) => active);
    const age = (name: string, help: string, of: (ages: TaskAges) => number | undefined) =>
      new Gauge({ name, help, registers, collect: collected(() => of(ages()) ?? 0) });
    age(
      'fairq_oldest_running_seconds',
      'How long the task has run here that started first; 0 where none runs.',
      ({ oldestRunning }) => oldestRunning,
    );
    age(
      'fairq_oldest_waiting_seconds',
      'How long the task has waited that was sent first, of those that were delivered here and have not started.',
      ({ oldestWaiting }) => oldestWaiting,
    );
    addPolicyMetrics(registers, policy);
    addSharedMetrics(registers, shared);
    this.#redelivered = new Counter({
      name: 'fairq_tasks_redelivered_total',
      help: 'Attempts that ended here of tasks that the broker had delivered before.',
      registers,
    });
    this.#crashed = new Counter({
      name: 'fairq_tasks_crashed_total',
      help: 'Tasks that this worker made dead letters since their workers had died (--max-crashes).',
      registers,
    });
    this.#deadLetters = new Gauge({
      name: 'fairq_dead_letters',
      help: 'Tasks that failed for good and are kept as dead letters, by the broker; some seconds old.',
      registers,
    });
    this.#backlogKnown = new Gauge({
      name: 'fairq_backlog_known',
      help: '1 where the broker has said lately what waits, 0 where it does not answer.',
      registers,
    });
    this.#allBacklog = new Gauge({
      name: 'fairq_backlog_tasks',
      help: 'Tasks that wait in the queues of all users, by the broker; some seconds old.',
      registers,
    });
    this.#sharedBacklog = new Gauge({
      name: 'fairq_shared_backlog_tasks',
      help: 'Those of them that wait in queues that users share, whoever has sent them; none while the broker does not say.',
      registers,
    });
    this.#userBacklog = new Gauge({
      name: 'fairq_user_backlog_tasks',
      help: `The same of the ${USERS_NAMED} users with most of them, of those with a queue of their own.`,
      labelNames: ['user'],
      registers,
    });
    this.#userTasks = new Counter({
      name: 'fairq_user_tasks_total',
      help: 'Attempts of these users that ended here.',
      labelNames: ['user'],
      registers,
    });
  }

  ended({ user, outcome, enqueued, started, finished, redelivered }: TaskEvent, isCrash: boolean): void {
    if (isCrash) this.#crashed.inc();
    this.#tasks.inc({ outcome });
    if (redelivered) this.#redelivered.inc();
    this.#dwell.observe(Math.max(0, started - enqueued) / 1e6);
    this.#run.observe(Math.max(0, finished - started) / 1e6);
    this.#ran.set(user, (this.#ran.get(user) ?? 0) + 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it, as of now. */
  async text(): Promise<string> {
    const backlog = await this.backlog();
    this.#backlogKnown.set(backlog === undefined ? 0 : 1);
    this.#allBacklog.reset();
    this.#sharedBacklog.remove();
    this.#deadLetters.reset();
    this.#userBacklog.reset();
    this.#userTasks.reset();
    if (backlog !== undefined) {
      this.#allBacklog.set(backlog.total);
      this.#sharedBacklog.set(backlog.shared);
      this.#deadLetters.set(backlog.deadLetters);
      for (const { user, tasks } of backlog.largest(USERS_NAMED)) {
        this.#userBacklog.set({ user }, tasks);
        this.#userTasks.inc({ user }, this.#ran.get(user) ?? 0);
      }
    }
    return this.#registry.metrics();
  }
}

function collected(value: () => number): (this: Gauge) => void {
  return function collect() {
    this.set(value());
  };
}
