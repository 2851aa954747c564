import { setTimeout as delay } from 'node:timers/promises';
import type { TakenMessage } from '../../broker/queues/message-keeper.js';
import { drainQueue } from '../../broker/queues/queue-drain.js';
import { IS_DOWN } from '../../broker/queues/queue-probe.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { messageOf, refusedError } from '../../core/errors/errors.js';
import { republishableText } from '../../core/message/republishable.js';
import { savedMessage } from '../../core/message/saved-message.js';
import { ownQueue } from '../../core/queues/names.js';
import type { TaskToSave } from '../publish/task-line.js';
import { removeGrantsOf } from './grants-of-queues.js';
import { LeaveRequests } from './leave-requests.js';
import { refuseWhereTasksGoAstray } from './prune/astray.js';
import type { PruneDeps } from './prune/prune.js';
import { takePruneLock } from './prune/prune-lock.js';
import type { SavedTasks } from './saved-tasks.js';

/** From unbinding to looking: what was on its way into the queue arrives. */
const GRACE_MS = 500;
/** Workers are asked so long to leave: what they hold may take a while. Publishers wait meanwhile. */
const LEAVE_WITHIN_MS = 8_000;
const CONCURRENCY = 2;

export interface DeleteOptions {
  /** How many there are; undefined where nobody can tell. */
  readonly workers: number | undefined;
  /** 'refuse': a queue with tasks stays; 'discard': they are thrown away; a file: they are written there first. */
  readonly tasks: 'refuse' | 'discard' | SavedTasks;
  /** No more are thrown away: a queue with more stays. As many as there are if not given. */
  readonly most?: number;
  /** From here on the queue is unbound, or was, or is gone. */
  readonly onBegun?: () => void;
}

export interface DeleteOutcome {
  readonly deleted: boolean;
  /** Why it was not. */
  readonly reason?: string;
  readonly saved: number;
  readonly discarded: number;
  /** Queues of permits and tokens of its user that stay, with the reason. */
  readonly grantsLeft?: readonly string[];
}

/**
 * Deletes one queue, as `Pruner` does: unbound first, and left by the workers, so that no task is lost that is on
 * its way. One that is not deleted is bound again.
 */
export async function deleteQueue(
  deps: PruneDeps,
  queue: { readonly name: string; readonly type: string },
  { tasks, workers, most, onBegun }: DeleteOptions,
): Promise<DeleteOutcome> {
  const { connection, names, newId } = deps;
  const lock = await takePruneLock(connection, names);
  let failure: Error | undefined;
  const leaveRequests = await LeaveRequests.open(connection, names, newId, deps.clock.now, (error) => {
    failure = error;
  });
  try {
    await leaveRequests.rollCall(workers);
    if (ownQueue(names, queue.name) !== undefined) {
      await refuseWhereTasksGoAstray(connection, names, deps.management);
    }
    onBegun?.();
    const outcome = await new Deletion(deps, leaveRequests, queue, { tasks, most }).run();
    if (failure !== undefined) throw failure;
    if (!outcome.deleted) return outcome;
    const grantsLeft = await removeGrantsOf(deps, [queue.name]);
    return grantsLeft.length > 0 ? { ...outcome, grantsLeft } : outcome;
  } finally {
    leaveRequests.close();
    await lock.release();
  }
}

class Deletion {
  readonly #remover: QueueRemover;

  constructor(
    private readonly deps: PruneDeps,
    private readonly leaveRequests: LeaveRequests,
    private readonly queue: { readonly name: string; readonly type: string },
    private readonly options: Pick<DeleteOptions, 'tasks'> & { readonly most: number | undefined },
  ) {
    this.#remover = new QueueRemover(deps.connection, deps.names, CONCURRENCY);
  }

  async run(): Promise<DeleteOutcome> {
    const { name } = this.queue;
    // While publishers still reach it: there may be a lot.
    await this.#save();
    const key = ownQueue(this.deps.names, name)?.key;
    if (key !== undefined) await this.#remover.unbind(name, key);
    await delay(GRACE_MS);
    let outcome: DeleteOutcome;
    try {
      outcome = this.options.tasks === 'discard' ? await this.#discard() : await this.#removeEmpty();
    } catch (error) {
      // Where this fails too, publishers and the next prune find the queue unbound, and bind it.
      await this.#putBack(key).catch(() => {});
      throw error;
    }
    if (!outcome.deleted) await this.#putBack(key);
    return outcome;
  }

  async #putBack(key: string | undefined): Promise<void> {
    const { name } = this.queue;
    if (key !== undefined) await this.#remover.bind(name, key);
    this.leaveRequests.tellOf(name);
  }

  /** Nothing comes any more, so what was counted is what is thrown away. */
  async #discard(): Promise<DeleteOutcome> {
    const { most } = this.options;
    if (!(await this.#remover.answers(this.queue.name))) return this.#kept(IS_DOWN);
    if (most !== undefined) {
      const ready = (await this.#remover.counts(this.queue.name))?.ready ?? 0;
      if (ready > most) return this.#kept(`more tasks came: ${ready} ready`);
    }
    const discarded = await this.#remover.removeWithAll(this.queue.name);
    return { deleted: true, saved: 0, discarded };
  }

  async #removeEmpty(): Promise<DeleteOutcome> {
    const { name, type } = this.queue;
    const { clock } = this.deps;
    const from = clock.now();
    for (;;) {
      await this.#save();
      const counts = await this.#remover.counts(name);
      // Somebody else has deleted it.
      if (counts === undefined) return { deleted: true, saved: this.#saved, discarded: 0 };
      if (counts.ready > 0 && this.options.tasks === 'refuse')
        return this.#kept(`a task came: ${counts.ready} ready`);
      const { consumers } = counts;
      const isLeft = (await this.leaveRequests.ask(new Map([[name, consumers]]))).has(name);
      // What a worker gave back when it left, or what it could not leave, is for the next time round.
      if (isLeft && counts.ready === 0) {
        const removal = await this.#remover.removeUnused(name, type);
        if (removal === 'removed') return { deleted: true, saved: this.#saved, discarded: 0 };
        if (removal === 'down') return this.#kept(IS_DOWN);
      }
      if (clock.now() - from > LEAVE_WITHIN_MS) {
        return this.#kept('workers have tasks of it, or somebody consumes it who does not leave');
      }
    }
  }

  #kept(reason: string): DeleteOutcome {
    return { deleted: false, reason, saved: this.#saved, discarded: 0 };
  }

  get #saved(): number {
    const { tasks } = this.options;
    return typeof tasks === 'object' ? tasks.count : 0;
  }

  async #save(): Promise<void> {
    const { tasks } = this.options;
    if (typeof tasks !== 'object') return;
    const { names, connection, newId } = this.deps;
    const { name } = this.queue;
    const own = ownQueue(names, name);
    // "publish --from" is to send them back to where they were.
    const place = own?.kind === 'user' ? { user: own.name } : { user: own?.name ?? name, queue: name };
    const before = tasks.count;
    try {
      await drainQueue(connection, name, {
        add: (batch) => tasks.add(batch.map((message) => taskToSave(message, place, newId))),
        keep: () => tasks.keep(),
      });
    } catch (error) {
      throw await this.#notSaved(error, tasks, tasks.count > before);
    }
  }

  /** @param isKept some of this attempt are in the file, and whether they have left the queue is not known */
  async #notSaved(error: unknown, tasks: SavedTasks, isKept: boolean): Promise<Error> {
    const { count, path } = tasks;
    let rest = 'the others are where they were';
    try {
      await tasks.forget();
    } catch (cause) {
      rest += `, and what follows in the file is part of them (${messageOf(cause)})`;
    }
    const where = isKept ? 'some of them may be in the queue, too' : 'they are no longer in the queue';
    const hint =
      count === 0
        ? `Nothing was taken out of the queue: ${rest}.`
        : `${path} has ${count} of them: ${where}; ${rest}.`;
    const what = `the tasks of "${this.queue.name}" could not be written to ${path}`;
    return refusedError('NOT_SAVED', `${what}: ${messageOf(error)}`, { hint, cause: error });
  }
}

/**
 * @param place whose queue it is, or its name
 * @throws NotSavable
 */
function taskToSave(
  { properties, content }: TakenMessage,
  place: { readonly user: string; readonly queue?: string },
  newId: () => string,
): TaskToSave {
  const { messageId, headers, type, contentType } = properties;
  // Celery's clients say it in their headers; who says none is given one, by which it can be asked for.
  const id = [messageId, headers?.id].map(republishableText).find(Boolean) ?? newId();
  const saved = savedMessage(properties);
  const user = (place.queue !== undefined && saved.envelope?.user) || place.user;
  return {
    ...place,
    id,
    user,
    payload: content,
    ...saved,
    type: republishableText(type) ?? '',
    contentType: republishableText(contentType) ?? '',
  };
}
