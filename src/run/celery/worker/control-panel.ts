import type { CeleryCommand } from '../../../core/celery/pidbox.js';
import type { CeleryNode } from './celery-node.js';
import type { Inspection } from './inspection.js';
import type { MonitorEvents } from './monitor-events.js';

type Named = CeleryCommand['arguments'];
type Answer = (named: Named) => unknown;

/** What each command that a worker does not follow is to be replaced with. */
const INSTEAD: Readonly<Record<string, string>> = {
  shutdown: 'send SIGTERM to the worker, and it ends in order',
  pool_grow: 'start another worker, or start this one with another --concurrency',
  pool_shrink: 'start this worker with another --concurrency',
  pool_restart: 'send SIGTERM to the worker, and start it again',
  autoscale: 'start more workers, or start this one with another --concurrency',
  rate_limit: 'there are no limits by task name; --weight and --concurrency say whose tasks run and how many',
  time_limit: 'start this worker with --task-timeout',
  cancel_consumer: 'start this worker with --exclude, or run "fairq queues prune" for queues that are idle',
  revoke: 'give tasks an expiry (expires), and limit how long they run with --task-timeout',
  terminate: 'limit how long tasks run with --task-timeout',
  election: "Celery's own workers hold elections",
  memsample: 'ask for the answer of "stats", which has "rusage"',
  memdump: 'ask for the answer of "stats", which has "rusage"',
  objgraph: 'ask for the answer of "stats", which has "rusage"',
};

/** Says what a worker answers to each command of Celery's remote control. */
export class ControlPanel {
  readonly #answers: ReadonlyMap<string, Answer>;

  constructor(
    private readonly node: CeleryNode,
    inspection: Inspection,
    events: MonitorEvents,
    /** Consumes another queue, and says what has come of it. */
    addConsumer: (named: Named) => Promise<unknown>,
  ) {
    const { clock } = node;
    const ok = (text: string) => ({ ok: text });
    this.#answers = new Map<string, Answer>([
      ['add_consumer', addConsumer],
      ['ping', () => ok('pong')],
      ['clock', () => ({ clock: clock.value })],
      ['hello', (named) => this.#hello(named)],
      ['heartbeat', () => events.heartbeat()],
      [
        'enable_events',
        async () => ok(`task events ${(await events.enableTasks()) ? '' : 'already '}enabled`),
      ],
      ['disable_events', () => ok(`task events ${events.disableTasks() ? '' : 'already '}disabled`)],
      ...withAlias('active', 'dump_active', () => inspection.active()),
      ...withAlias('reserved', 'dump_reserved', () => inspection.reserved()),
      // A task that is not due waits on the broker, and none is revoked.
      ...withAlias('scheduled', 'dump_schedule', () => []),
      ...withAlias('revoked', 'dump_revoked', () => []),
      ...withAlias('registered', 'dump_tasks', () => inspection.registered()),
      ...withAlias('conf', 'dump_conf', () => inspection.conf()),
      ['active_queues', () => inspection.activeQueues()],
      ['stats', () => inspection.stats()],
      ['report', () => inspection.report()],
      ['query_task', ({ ids }) => inspection.query(ids)],
      ...Object.entries(INSTEAD).map(([method, instead]): [string, Answer] => [
        method,
        () => ({ error: `fairq's workers do not follow "${method}": ${instead}` }),
      ]),
    ]);
  }

  /** Whether it changes something at Celery's workers and nothing here: whoever wants no answer is to hear of it otherwise. */
  refusal(method: string): string | undefined {
    return Object.hasOwn(INSTEAD, method) ? INSTEAD[method] : undefined;
  }

  /** What a Celery worker would answer; of what it does not know it says so in these words. */
  async answer({ method, arguments: named }: CeleryCommand): Promise<unknown> {
    const answer = this.#answers.get(method);
    if (answer === undefined) return { error: `KeyError('${method.slice(0, 100).replaceAll("'", "\\'")}')` };
    return (await answer(named)) ?? null;
  }

  /** A Celery worker that starts asks the others for their clocks, and for what was revoked. */
  #hello({ from_node: from }: Named): unknown {
    return from === this.node.name ? null : { revoked: {}, clock: this.node.clock.forward() };
  }
}

function withAlias(name: string, alias: string, answer: Answer): [string, Answer][] {
  return [
    [name, answer],
    [alias, answer],
  ];
}
