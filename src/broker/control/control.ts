import type { TasksAtWorker } from '../../core/events/whereabouts.js';
import type { Names } from '../../core/queues/names.js';
import { isClockTime, isWithin, MOST_ATTEMPTS } from '../../core/values/sane-numbers.js';
import { isShortName } from '../../core/values/short-name.js';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { ensureExchanges } from '../queues/exchanges.js';
import { ownQueueToListen } from '../queues/own-queue.js';
import { decodeGrantMessage, type GrantMessage, isGrantKind } from './grant-messages.js';
import { decodeHeldAnswer, type HeldAnswer } from './held-answer.js';
import { decodeLightMessage, isLightKind, type LightAnswer, type LightQuestion } from './light-tasks.js';
import {
  decodeGoesBy,
  decodePolicyQuestion,
  type GoesBy,
  isRevision,
  type PolicyQuestion,
} from './policy-messages.js';
import {
  decodeQuestion,
  decodeRunningAnswer,
  type RunningAnswer,
  type RunningQuestion,
} from './running-question.js';
import type { BecauseAnswer, WhyQuestion } from './why.js';
import { decodeWhyMessage, isWhyKind } from './why-codec.js';

/**
 * What processes tell each other. A hint and nothing more: everything also works, later, for a
 * process that hears none of it.
 */
export type ControlMessage =
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'worker'; readonly worker: WorkerPresence }
  | { readonly kind: 'leave'; readonly request: string; readonly queues: readonly string[] }
  | LeaveAnswer
  | { readonly kind: 'task'; readonly request: string; readonly id: string }
  | TaskAnswer
  | HeldAnswer
  | RunningQuestion
  | RunningAnswer
  | { readonly kind: 'census'; readonly request: string }
  | CensusAnswer
  | GrantMessage
  | WhyQuestion
  | BecauseAnswer
  | LightQuestion
  | LightAnswer
  | PolicyQuestion
  | GoesBy
  | { readonly kind: 'bye'; readonly id: string };

/**
 * A worker's answer to `leave`, the request of a pruner not to consume these queues any more. Every worker
 * answers; queues that it neither consumes nor holds tasks of are in neither list.
 */
export interface LeaveAnswer {
  readonly kind: 'left';
  /** That of the request. */
  readonly request: string;
  /** Its id. */
  readonly worker: string;
  /** It has no consumer on them any more, and holds no task of them. */
  readonly left: readonly string[];
  /** It holds tasks of them, or goes on to consume them. */
  readonly kept: readonly string[];
}

/** A worker's answer to `task`, the question who has it: it runs there. Nobody else answers. */
export interface TaskAnswer {
  readonly kind: 'runs';
  /** That of the question. */
  readonly request: string;
  /** Its name. */
  readonly worker: string;
  readonly task: RunningTask;
}

/** A worker's answer to `census`, the question who has which tasks; every worker answers. */
export interface CensusAnswer {
  readonly kind: 'here';
  /** That of the question. */
  readonly request: string;
  /** Its id. */
  readonly worker: string;
  readonly tasks: readonly TasksAtWorker[];
}

/** Times are microseconds since the epoch. */
export interface RunningTask {
  readonly user: string;
  readonly run: string;
  readonly attempt: number;
  readonly enqueued: number;
  readonly started: number;
}

/** `started` is microseconds since the epoch. */
export interface LongestTask {
  readonly id: string;
  readonly user: string;
  /** The name of its handler. */
  readonly type: string;
  readonly started: number;
}

export interface WorkerPresence {
  /** Unique to the process; `name` is for people. */
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  /** Slots that others may leave tasks to: free, and nothing is at hand to start in them. */
  readonly free: number;
  /** Slots in which a task runs; undefined where it does not say, as older workers. */
  readonly busy: number | undefined;
  /** Of the tasks that run there the one that has run for longest. */
  readonly longest: LongestTask | undefined;
  /** The revision of the policy that it goes by; undefined where it knows of none, as older workers. */
  readonly policy?: number | undefined;
  /** It knows whom its users belong to: what is set for tenants counts there. */
  readonly tenants?: true;
  /** It consumes all queues that it knows of. */
  readonly ready: boolean;
  /** Which queues it serves, as the globs of its `--queues` and `--exclude`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Beside these, whatever is excluded: the queues of its `--also`. */
  readonly also: readonly string[];
}

/** Every worker says so often that it is there; one that has said nothing for the longer time is gone. */
export const WORKER_SAYS_EVERY_MS = 2_000;
export const WORKER_GONE_AFTER_MS = 10_000;
/** Who listens for so long has heard every worker that can speak. */
export const ROLL_CALL_MS = WORKER_SAYS_EVERY_MS + 600;

const MOST_SLOTS = 1_000_000;
const MOST_GLOBS = 1_000;
const MOST_QUEUES = 10_000;

/** Sends to everybody, on a channel that the caller has. */
export function announce(channel: Channel, names: Names, message: ControlMessage): void {
  channel.publish(names.controlExchange, '', Buffer.from(JSON.stringify(message)), {
    contentType: 'application/json',
    type: `fairq.${message.kind}`,
  });
}

export interface ControlListener {
  onMessage(message: ControlMessage): void;
  /** It hears from here on; again after a lost connection, during which it has heard nothing. */
  onOpen?(): void;
  onFailure(error: Error): void;
}

/** Hears everybody, itself included. The channel may be used to `announce` on. */
export async function listen(
  connection: Connection,
  names: Names,
  listener: ControlListener,
): Promise<ReconnectingChannel> {
  return ReconnectingChannel.open(
    () => connection.channel(),
    async (channel) => {
      await ensureExchanges(connection, { [names.controlExchange]: 'fanout' });
      const queue = await ownQueueToListen(channel);
      await channel.bindQueue(queue, names.controlExchange, '');
      await channel.consume(
        queue,
        (delivery) => {
          const message = delivery && decode(delivery.content);
          if (message) listener.onMessage(message);
        },
        { noAck: true },
      );
    },
    listener,
  );
}

/** Undefined for what no fairq would say: anybody may publish here. */
export function decode(content: Buffer): ControlMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  if (value.kind === 'queue' && 'queue' in value && isShortName(value.queue)) {
    return { kind: 'queue', queue: value.queue };
  }
  if (value.kind === 'bye' && 'id' in value && isShortName(value.id)) {
    return { kind: 'bye', id: value.id };
  }
  if (value.kind === 'leave' && 'request' in value && 'queues' in value) {
    const { request, queues } = value;
    return isShortName(request) && isNames(queues, MOST_QUEUES)
      ? { kind: 'leave', request, queues }
      : undefined;
  }
  if (value.kind === 'left') return decodeAnswer(value);
  if (value.kind === 'task' && 'request' in value && 'id' in value) {
    const { request, id } = value;
    return isShortName(request) && isShortName(id) ? { kind: 'task', request, id } : undefined;
  }
  if (value.kind === 'runs') return decodeTaskAnswer(value);
  if (value.kind === 'held' && 'request' in value) {
    return isShortName(value.request) ? decodeHeldAnswer(value) : undefined;
  }
  if (value.kind === 'running') return decodeQuestion(value);
  if (value.kind === 'all-running') return decodeRunningAnswer(value);
  if (value.kind === 'census' && 'request' in value) {
    return isShortName(value.request) ? { kind: 'census', request: value.request } : undefined;
  }
  if (isGrantKind(value.kind)) return decodeGrantMessage(value);
  if (isWhyKind(value.kind)) return decodeWhyMessage(value);
  if (isLightKind(value.kind)) return decodeLightMessage(value);
  if (value.kind === 'here') return decodeCensusAnswer(value);
  if (value.kind === 'policy-asked') return decodePolicyQuestion(value);
  if (value.kind === 'goes-by') return decodeGoesBy(value);
  if (value.kind === 'worker' && 'worker' in value) {
    const worker = decodePresence(value.worker);
    return worker && { kind: 'worker', worker };
  }
  return undefined;
}

function decodeAnswer(value: object): LeaveAnswer | undefined {
  if (!('request' in value && 'worker' in value && 'left' in value && 'kept' in value)) return undefined;
  const { request, worker, left, kept } = value;
  if (!isShortName(request) || !isShortName(worker)) return undefined;
  if (!isNames(left, MOST_QUEUES) || !isNames(kept, MOST_QUEUES)) return undefined;
  return { kind: 'left', request, worker, left, kept };
}

function decodeTaskAnswer(value: object): TaskAnswer | undefined {
  if (!('request' in value && 'worker' in value && 'task' in value)) return undefined;
  const { request, worker, task } = value;
  if (!isShortName(request) || typeof worker !== 'string' || typeof task !== 'object' || task === null) {
    return undefined;
  }
  const { user, run, attempt, enqueued, started } = task as Record<string, unknown>;
  if (typeof user !== 'string' || typeof run !== 'string' || !isWithin(attempt, 1, MOST_ATTEMPTS)) {
    return undefined;
  }
  if (!isClockTime(enqueued) || !isClockTime(started)) return undefined;
  return { kind: 'runs', request, worker, task: { user, run, attempt, enqueued, started } };
}

function decodeCensusAnswer(value: object): CensusAnswer | undefined {
  if (!('request' in value && 'worker' in value && 'tasks' in value)) return undefined;
  const { request, worker, tasks } = value;
  if (!isShortName(request) || !isShortName(worker) || !Array.isArray(tasks)) return undefined;
  const rows = tasks.flatMap((row: unknown): TasksAtWorker[] => {
    if (typeof row !== 'object' || row === null) return [];
    const { run, user, running, ended = 0, prefetched, retrying } = row as Record<string, unknown>;
    const counts = [running, ended, prefetched, retrying];
    if (typeof run !== 'string' || typeof user !== 'string') return [];
    if (!counts.every((count): count is number => isWithin(count, 0, Number.MAX_SAFE_INTEGER))) return [];
    const [atWork = 0, over = 0, held = 0, waits = 0] = counts;
    return [{ run, user, running: atWork, ended: Math.min(over, atWork), prefetched: held, retrying: waits }];
  });
  return rows.length === tasks.length ? { kind: 'here', request, worker, tasks: rows } : undefined;
}

function decodePresence(value: unknown): WorkerPresence | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('id' in value && 'name' in value && 'slots' in value && 'free' in value && 'ready' in value)) {
    return undefined;
  }
  if (!('include' in value && 'exclude' in value)) return undefined;
  const { id, name, slots, free, ready, include, exclude } = value;
  const also = 'also' in value ? value.also : [];
  if (!isShortName(id) || typeof name !== 'string' || typeof ready !== 'boolean') return undefined;
  if (!isWithin(slots, 0, MOST_SLOTS) || !isWithin(free, 0, slots)) return undefined;
  if (!isNames(include, MOST_GLOBS) || !isNames(exclude, MOST_GLOBS)) return undefined;
  if (!isNames(also, MOST_GLOBS)) return undefined;
  const busy = 'busy' in value && isWithin(value.busy, 0, slots) ? value.busy : undefined;
  const longest = 'longest' in value ? decodeLongest(value.longest) : undefined;
  const policy = 'policy' in value && isRevision(value.policy) ? value.policy : undefined;
  const said = { id, name, slots, free, busy, ready, include, exclude, also, longest };
  const knowsTenants = 'tenants' in value && value.tenants === true;
  return { ...said, ...(policy !== undefined && { policy }), ...(knowsTenants && { tenants: true }) };
}

function decodeLongest(value: unknown): LongestTask | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, user, type, started } = value as Record<string, unknown>;
  if (!isShortName(id) || typeof user !== 'string' || typeof type !== 'string' || !isClockTime(started)) {
    return undefined;
  }
  return { id, user, type, started };
}

/** Slots in which nothing runs. */
export function idleSlots({ slots, busy, free }: WorkerPresence): number {
  return busy === undefined ? free : slots - busy;
}

function isNames(value: unknown, most: number): value is string[] {
  return Array.isArray(value) && value.length <= most && value.every(isShortName);
}
