import type { BacklogFullReason, Reason, SetFor, TasksAt, TurnReason } from '../../core/explain/reason.js';
import { rateText } from '../../core/policy/limit-text.js';
import { shellWord } from '../../core/reports/shell-word.js';
import { formatCount, formatDuration, formatShare, formatTasks } from '../parts/numbers.js';

/** A reason in a sentence, and what one may do about it. */
export interface ReasonText {
  readonly says: string;
  readonly todo?: string;
}

const NAMED = 5;

/**
 * @param who as it is called in a sentence, such as `A`
 * @param now milliseconds since the epoch
 */
export function reasonText(reason: Reason, who: string, now: number): ReasonText {
  const ago = (at: number) => `${formatDuration(Math.max(0, now - at))} ago`;
  const within = (at: number) => `in ${formatDuration(Math.max(0, at - now))}`;
  switch (reason.why) {
    case 'done':
      return { says: `It is done${reason.at === undefined ? '' : `, since ${ago(reason.at)}`}.` };
    case 'dead-letter': {
      const after = reason.attempts === undefined ? '' : ` after ${counted(reason.attempts, 'attempt')}`;
      const error = reason.error === undefined ? '' : `: ${reason.error}`;
      return {
        says: `It has failed for good${after}, and is a dead letter${error}.`,
        todo: 'See it with "fairq dead list"; "fairq dead redrive" sends it back.',
      };
    }
    case 'runs': {
      const since = reason.since === undefined ? '' : `, since ${ago(reason.since)}`;
      return { says: `${running(reason.tasks)}, ${places(reason.at)}${since}; nothing else waits.` };
    }
    case 'broker-alarm':
      return {
        says: `The broker has an alarm (${reason.alarms.join(', ')}): it takes nothing from who publishes, so workers cannot settle tasks.`,
        todo: '"fairq doctor" says which alarm it is, and what to do.',
      };
    case 'queue-down':
      return {
        says: `The queue ${reason.queue} does not answer: most of the nodes with its tasks are away. Nobody knows what is in it.`,
        todo: 'Start the nodes again: its tasks are there then. "fairq doctor" names every queue that is down.',
      };
    case 'unbound':
      return {
        says: `The queue ${reason.queue} is not bound: what is sent to it does not get in.`,
        todo: 'The next publisher, or "fairq queues prune", binds it again.',
      };
    case 'backlog-full':
      return backlogText(reason, now);
    case 'no-queue':
      return {
        says: `There is no queue ${reason.queue}: nothing was sent to ${who}, or the queue was pruned when it was empty, or its tasks go to a shared queue.`,
        todo: '"fairq queues list" names the queues that there are; ask about a shared one with --group or --queue.',
      };
    case 'shares':
      return {
        says: `${who} has no queue of its own. Such users share ${counted(reason.queues, 'queue')}, and its tasks are in one of these. ${
          reason.ready === 0
            ? 'Nothing waits there.'
            : `${formatTasks(reason.ready)} of whomever ${reason.ready === 1 ? 'waits' : 'wait'} there, and how many are of ${who} is not known.`
        }`,
        todo: '"fairq units" says how many share what; a user who sends much gets a queue of its own.',
      };
    case 'nothing-waits':
      return { says: 'Nothing is in its queue, and nothing of it runs.' };
    case 'paused': {
      const on = reason.running === 0 ? '' : ` ${running(reason.running, 'that had started')}.`;
      return {
        says: `${whose(reason)} is paused${setBy(reason, now)}.${on}`,
        todo: `Let it go on: fairq resume ${named(reason)}`,
      };
    }
    case 'no-worker':
      return {
        says: `No worker serves it: ${formatTasks(reason.waiting)} ${reason.waiting === 1 ? 'waits' : 'wait'}, and ${reason.others === 0 ? 'no worker was heard' : `${counted(reason.others, 'worker')} that answer serve other queues`}.`,
        todo:
          reason.others === 0
            ? 'Start one: fairq worker. One that has just started is heard some seconds later: ask again.'
            : 'Start one (fairq worker), or look at --queues and --exclude of those that run.',
      };
    case 'starting':
      return {
        says: `${list(reason.workers)} ${reason.workers.length === 1 ? 'takes up its queues' : 'take up their queues'}, and ${reason.workers.length === 1 ? 'starts' : 'start'} nothing before that is done.`,
      };
    case 'silent-worker': {
      const names = reason.workers.map(({ worker, since }) => {
        const heard = since === undefined ? 'heard by nobody meanwhile' : `last heard ${ago(since)}`;
        return `${worker} (${heard})`;
      });
      const held =
        reason.tasks === undefined
          ? 'what it has is unknown'
          : `up to ${formatTasks(reason.tasks)} are there`;
      return {
        says: `${list(names)} ${names.length === 1 ? 'consumes the queue and does' : 'consume the queue and do'} not answer: ${held}, running or prefetched.`,
        todo: 'A task blocks it, it is stopped, or it is of another --prefix. When its connection ends, its tasks go to others.',
      };
    }
    case 'retry-due': {
      const attempt = reason.attempt === undefined ? '' : ` after attempt ${formatCount(reason.attempt)}`;
      return {
        says: `${reason.tasks === 1 ? 'A task waits' : `${formatTasks(reason.tasks)} wait`} for the next attempt${attempt}: due ${within(reason.at)}.`,
      };
    }
    case 'maybe-delayed':
      return {
        says: `${formatTasks(reason.tasks)} ${reason.tasks === 1 ? 'waits' : 'wait'} in ${list(reason.queues)} for the next attempt or for ${reason.tasks === 1 ? 'its' : 'their'} time. Whose ${reason.tasks === 1 ? 'it is' : 'they are'} is not known: some may be of ${who}.`,
        todo: 'Ask about a task by its id: that is known.',
      };
    case 'not-due':
      return { says: `It was sent to start later: due ${within(reason.at)}.` };
    case 'held-back': {
      const until = reason.until === undefined ? '' : `, until ${within(reason.until)} at the latest`;
      const ahead = reason.ahead === undefined || reason.ahead === 0 ? '' : `, after ${reason.ahead} others`;
      return {
        says: `${reason.tasks === 1 ? 'A task is' : `${formatTasks(reason.tasks)} are`} held back ${places(reason.at)}, since a worker that had started ${reason.tasks === 1 ? 'it' : 'them'} is gone${until}${ahead}.`,
        todo: 'See --max-crashes of fairq worker.',
      };
    }
    case 'rate': {
      const next =
        reason.nextTokenMs === undefined
          ? 'when the next may start is not known'
          : `the next may start in ${formatDuration(reason.nextTokenMs)}`;
      return {
        says: `${whose(reason)} may start ${rateText(reason.rate)}, and has: ${next}${setBy(reason, now)}.`,
        todo: `Raise it: fairq policy set ${named(reason)} --rate N/s`,
      };
    }
    case 'cap': {
      const at = reason.at.length === 0 ? '' : `, ${places(reason.at)}`;
      const elsewhere =
        reason.running < reason.cap
          ? '; the other permits are on their way, or at a worker that does not answer'
          : '';
      const busy = reason.whenBusy === true ? ' while others wait' : '';
      return {
        says: `${whose(reason)} may run ${formatCount(reason.cap)} at a time${busy}, and ${formatCount(reason.running)} of ${formatCount(reason.cap)} run${at}${elsewhere}${setBy(reason, now)}.`,
        todo: `Raise it: fairq policy set ${named(reason)} --cap N`,
      };
    }
    case 'order':
      return {
        says: `Its tasks run in their order, one at a time, and one runs ${places(reason.at)}.`,
      };
    case 'tenant-share':
      return {
        says: `${counted(reason.before, 'other tenant')} ${reason.before === 1 ? 'is' : 'are'} next before ${reason.tenant}; the part of ${who} is ${formatShare(reason.share)} of the slots.`,
        todo: `More slots or workers help all; more for this tenant: fairq policy set --tenant ${shellWord(reason.tenant)} --weight 2`,
      };
    case 'turn':
      return {
        says: `${turnOf(reason, who)}; its part of the slots is ${formatShare(reason.share)}.`,
        todo: `More slots or workers help all; more for ${who} alone: fairq policy set ${shellWord(who)} --weight 2`,
      };
    case 'slots-busy':
      return {
        says: `All slots are busy: ${formatCount(reason.busy)} of ${formatCount(reason.slots)} at ${counted(reason.workers, 'worker')}.`,
        todo: '"fairq tasks --running" says what runs, and for how long.',
      };
    case 'behind-own': {
      const at = reason.worker === undefined ? '' : ` at ${reason.worker}`;
      const count =
        reason.ahead === reason.most
          ? counted(reason.ahead, 'task')
          : `${formatCount(reason.ahead)} to ${formatTasks(reason.most)}`;
      return { says: `${count} of the same user ${reason.most === 1 ? 'is' : 'are'} before it${at}.` };
    }
    case 'starts-now':
      return {
        says: `Nothing keeps it: ${counted(reason.free, 'slot')} ${reason.free === 1 ? 'is' : 'are'} free, and it starts in a moment.`,
      };
    case 'unknown':
      return { says: `Not known: ${reason.what}.` };
  }
}

function backlogText({ ready, limit, setFor, endedRule }: BacklogFullReason, now: number): ReasonText {
  const full = `The queue is full: ${formatCount(ready)} of ${formatTasks(limit)} may wait, so more is refused`;
  if (endedRule !== undefined) {
    return {
      says: `${full}. The backlog limit of ${endedRule} has ended or was taken back, and RabbitMQ still goes by it.`,
      todo: 'Make it end: fairq doctor --repair',
    };
  }
  return {
    says: `${full}${setFor === undefined ? '' : setBy(setFor, now)}.`,
    todo:
      setFor === undefined
        ? 'The limit is one of the queue or of a RabbitMQ policy: "fairq queues show" names it.'
        : `Raise it: fairq policy set ${shellWord(setFor.name)} --backlog N`,
  };
}

function turnOf({ before, users, worker }: TurnReason, who: string): string {
  const all = `${formatCount(users)} users take turns at ${worker}`;
  if (before === null) return all;
  if (before === 0) return `${all}, and ${who} is next`;
  return `${all}, and ${formatCount(before)} ${before === 1 ? 'is' : 'are'} next before ${who}`;
}

function whose({ of, name, rule }: SetFor): string {
  const by = rule === name ? '' : ` (by the rule ${JSON.stringify(rule)})`;
  return `${of === 'tenant' ? 'Tenant' : 'User'} ${name}${by}`;
}

function named({ of, rule }: SetFor): string {
  return of === 'tenant' ? `--tenant ${shellWord(rule)}` : shellWord(rule);
}

function setBy({ by, since, until, said }: SetFor, now: number): string {
  const who = by === '' ? '' : ` by ${by}`;
  const ends =
    until === undefined ? ', without an end' : `, for another ${formatDuration(Math.max(0, until - now))}`;
  const words = said === undefined ? '' : `: ${JSON.stringify(said)}`;
  return `; set${who} ${formatDuration(Math.max(0, now - since))} ago${ends}${words}`;
}

function running(tasks: number, which?: string): string {
  const what = which === undefined ? formatTasks(tasks) : `${formatTasks(tasks)} ${which}`;
  return `${what} ${tasks === 1 ? 'runs' : 'run'}`;
}

function places(at: readonly TasksAt[]): string {
  const [only] = at;
  if (only !== undefined && at.length === 1) return `at ${only.worker}`;
  const shown = at.slice(0, NAMED).map(({ worker, tasks }) => `${formatCount(tasks)} at ${worker}`);
  return at.length > NAMED
    ? `${shown.join(', ')} and at ${counted(at.length - NAMED, 'more worker')}`
    : shown.join(', ');
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${shown} and ${formatCount(names.length - NAMED)} more` : shown;
}

function counted(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
}
