import { counted } from '../../../core/reports/finding.js';
import { shellWord } from '../../../core/reports/shell-word.js';
import type { ReadyCheck, Work } from './idle-check.js';

/** What is named of many. */
const NAMED = 3;
/** On its way to its queue a task is nowhere for a moment: so many looks in a row see no other task. */
const LOOKS = 5;

interface Waiting {
  readonly user: string;
  readonly tasks: number;
}

/** Says when the tasks of paused users are all that is left: a worker that is to empty its queues waits for these. */
export class PausedUsers {
  #looks = 0;
  /** Of whom it was said. */
  #said = '';

  constructor(
    private readonly work: Work,
    private readonly ready: ReadyCheck,
    private readonly onWarning: (text: string) => void,
  ) {}

  /** To be called where some task is ready, and the worker has none itself. */
  async look(): Promise<void> {
    const paused = this.work.paused();
    const isPaused = new Set(paused.map(({ queue }) => queue));
    const others = this.work.queues().filter((queue) => !isPaused.has(queue));
    this.#looks = paused.length > 0 && (await this.ready.noneIn(others)) ? this.#looks + 1 : 0;
    if (this.#looks < LOOKS) return;
    this.#looks = 0;
    const counts = await this.ready.countsIn([...isPaused]);
    const waiting = paused.map(({ queue, user }) => ({ user, tasks: counts.get(queue) ?? 0 }));
    this.#say(waiting.filter(({ tasks }) => tasks > 0));
  }

  #say(waiting: Waiting[]): void {
    const who = JSON.stringify(waiting.map(({ user }) => user).sort());
    if (waiting.length === 0 || this.#said === who) return;
    this.#said = who;
    this.onWarning(waitsText(waiting.sort((a, b) => b.tasks - a.tasks)));
  }
}

function waitsText(waiting: readonly Waiting[]): string {
  const tasks = waiting.reduce((sum, one) => sum + one.tasks, 0);
  const shown = waiting
    .slice(0, NAMED)
    .map((one) => `${JSON.stringify(one.user)} ${counted(one.tasks, 'task')}`);
  const more = waiting.length > NAMED ? ` and ${counted(waiting.length - NAMED, 'other')}` : '';
  const [they, it, explained] = [
    tasks === 1 ? 'it starts' : 'they start',
    waiting.length === 1 ? 'the user is' : 'these are',
    shellWord(waiting[0]?.user ?? ''),
  ];
  return `only tasks of paused users are left: ${shown.join(', ')}${more}. --exit-when empty waits for ${tasks === 1 ? 'it' : 'them'}, and ${they} when ${it} resumed. "fairq explain ${explained}" says who paused, and how to resume`;
}
