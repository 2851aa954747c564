import { pythonRepr } from '../../../core/celery/python-text.js';
import type { WorkerInside } from '../../worker/report/inside.js';
import type { CeleryNode } from './celery-node.js';
import { runningInfo, waitingInfo } from './task-info.js';

/** Of tasks that wait here: they may be thousands. */
const MOST_TASKS = 1_000;
/** Names of tasks that are counted one by one. Anybody may make up names. */
const MOST_NAMES = 1_000;

/** What of a worker does not change while it runs. */
export interface AboutWorker {
  readonly slots: number;
  /** Names of its handlers. */
  readonly tasks: readonly string[];
  /** Its settings, under Celery's names where Celery has one. */
  readonly conf: Readonly<Record<string, unknown>>;
  /** The broker that it is connected to, without its password. */
  readonly broker: Readonly<Record<string, unknown>>;
  /** Its software and its machine, for people. */
  readonly software: string;
  /** Seconds. */
  readonly taskTimeout: number | null;
}

export interface InspectionParts {
  readonly node: CeleryNode;
  readonly about: AboutWorker;
  inside(): WorkerInside | undefined;
  /** What the process has used of the machine, under the names of `getrusage`. */
  usage(): Readonly<Record<string, number>>;
  /** For how long the worker has been there, seconds. */
  uptime(): number;
}

/** Answers what monitors ask of a worker, in the form of Celery's own answers. */
export class Inspection {
  readonly #byName = new Map<string, number>();

  constructor(private readonly parts: InspectionParts) {}

  /** A task of this name has started. */
  started(name: string): void {
    const count = this.#byName.get(name);
    if (count !== undefined || this.#byName.size < MOST_NAMES) this.#byName.set(name, (count ?? 0) + 1);
  }

  active(): object[] {
    return [...(this.parts.inside()?.running ?? [])].map((run) => runningInfo(run, this.parts.node));
  }

  /** The first of them. */
  reserved(): object[] {
    const infos: object[] = [];
    for (const task of this.parts.inside()?.prefetched ?? []) {
      if (infos.length >= MOST_TASKS) break;
      infos.push(waitingInfo(task, this.parts.node));
    }
    return infos;
  }

  registered(): readonly string[] {
    return [...this.parts.about.tasks].sort();
  }

  /** By the default exchange each queue is reached under its own name, however the application has bound it. */
  activeQueues(): object[] {
    return (this.parts.inside()?.queues ?? []).map((name) => ({
      name,
      exchange: { name: '', type: 'direct', durable: true, auto_delete: false },
      routing_key: name,
      durable: true,
      exclusive: false,
      auto_delete: false,
      no_ack: false,
      alias: null,
      queue_arguments: null,
      binding_arguments: null,
      consumer_arguments: null,
    }));
  }

  stats(): object {
    const { node, about, inside, usage, uptime } = this.parts;
    return {
      total: Object.fromEntries(this.#byName),
      pid: node.pid,
      clock: String(node.clock.value),
      uptime: Math.round(uptime()),
      pool: {
        implementation: 'fairq:slots',
        'max-concurrency': about.slots,
        processes: [node.pid],
        'max-tasks-per-child': 'N/A',
        timeouts: [0, about.taskTimeout ?? 0],
      },
      broker: about.broker,
      prefetch_count: inside()?.prefetch ?? 0,
      rusage: usage(),
    };
  }

  conf(): object {
    return this.parts.about.conf;
  }

  report(): object {
    const settings = Object.entries(this.parts.about.conf).map(
      ([name, value]) => `${name}: ${pythonRepr(value)}`,
    );
    return { ok: [this.parts.about.software, '', ...settings, ''].join('\n') };
  }

  /** Those of the tasks that are here. */
  query(ids: unknown): object {
    const wanted = new Set(Array.isArray(ids) ? ids.map(String) : [String(ids)]);
    const found: Record<string, [string, object]> = {};
    const { running = [], prefetched = [] } = this.parts.inside() ?? {};
    for (const task of prefetched) {
      if (wanted.has(task.id)) found[task.id] = ['reserved', waitingInfo(task, this.parts.node)];
    }
    for (const run of running) {
      if (wanted.has(run.task.id)) found[run.task.id] = ['active', runningInfo(run, this.parts.node)];
    }
    return found;
  }
}
