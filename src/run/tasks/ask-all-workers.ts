import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import {
  announce,
  type ControlMessage,
  listen,
  ROLL_CALL_MS,
  WORKER_SAYS_EVERY_MS,
} from '../../broker/control/control.js';
import type { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';
import { type Names, WORKER_CONNECTION } from '../../core/queues/names.js';

/** A worker on a busy machine takes its time. One that is known and has not answered by then is silent. */
const ANSWER_WITHIN_MS = 3 * WORKER_SAYS_EVERY_MS;

export interface AskAllDeps {
  /** To ask is to publish: a broker under an alarm reads nothing more of it then. */
  readonly connection: Connection;
  readonly management: Pick<Management, 'connectionNames'>;
  readonly names: Names;
  /** These have not answered yet and are waited for, so long at most; milliseconds. */
  readonly onWaiting: (names: readonly string[], ms: number) => void;
  /** Nobody is waited for any longer. */
  readonly signal?: AbortSignal;
  /** How long those are waited for that do not answer; milliseconds. */
  readonly withinMs?: number;
  /**
   * So many answer at least, as far as is known. The broker's list of connections lacks those of the last seconds: fewer
   * end nothing before every worker that can speak has spoken.
   */
  readonly atLeast?: number;
}

/** A worker's answer: from whom it is. */
interface Answer {
  /** Its id; `name` is for people. */
  readonly worker: string;
  readonly name: string;
}

type Question = Extract<ControlMessage, { readonly request: string }>;

export interface AllAsked<A> {
  readonly answers: readonly A[];
  /** Names of those that are known and have not answered. */
  readonly silent: readonly string[];
}

/**
 * Asks all workers something that each of them answers. It ends when all have answered who are known. One that is busy
 * with a task that blocks it is silent.
 *
 * @param answerIn the answer in a message, if it is one to this question
 */
export async function askAllWorkers<A extends Answer>(
  { connection, management, names, onWaiting, signal, withinMs = ANSWER_WITHIN_MS, atLeast = 0 }: AskAllDeps,
  question: Question,
  answerIn: (message: ControlMessage) => A | undefined,
): Promise<AllAsked<A>> {
  const answers = new Map<string, A>();
  const heard = new Map<string, string>();
  const all = new AbortController();
  const over = signal === undefined ? all.signal : AbortSignal.any([all.signal, signal]);
  let connected: readonly string[] | undefined;
  /** Every worker that can speak has spoken. */
  let isRollCalled = false;
  /** Who asks hears the question too. A broker under an alarm passes it on to nobody, and says so a moment later. */
  let isPassedOn = false;
  const endIfAll = () => {
    if (!isPassedOn) return;
    if ((connected === undefined || answers.size < atLeast) && !isRollCalled) return;
    if (answers.size < (connected?.length ?? 0)) return;
    if ([...heard.keys()].every((id) => answers.has(id))) all.abort();
  };
  const control = await listen(connection, names, {
    onMessage: (message) => {
      const answer = answerIn(message);
      if (answer !== undefined) answers.set(answer.worker, answer);
      else if (message.kind === 'worker') heard.set(message.worker.id, message.worker.name);
      else if (message.kind === 'bye') heard.delete(message.id);
      else if (isSame(message, question)) isPassedOn = true;
      endIfAll();
    },
    onFailure: () => {}, // fewer are heard, and the connection's own failure ends the command
  });
  const ask = () => {
    const channel = control.current;
    if (channel !== undefined) announce(channel, names, question);
  };
  const silent = () => {
    const answered = new Set([...answers.values()].map(({ name }) => name));
    const there = new Set([...heard.values(), ...(connected ?? [])]);
    return [...there].filter((name) => !answered.has(name)).sort();
  };
  ask();
  const rollCalled = orAbort(ROLL_CALL_MS, over);
  connected = await workersConnected(management);
  endIfAll();
  await rollCalled;
  isRollCalled = true;
  if (!over.aborted) {
    // Who has ended meanwhile is not waited for, and who has come meanwhile has not been asked.
    connected = await workersConnected(management);
    endIfAll();
    ask();
    const ms = withinMs - ROLL_CALL_MS;
    if (!over.aborted && ms > 0) {
      const waitedFor = silent();
      if (waitedFor.length > 0) onWaiting(waitedFor, ms);
      await orAbort(ms, over);
    }
  }
  control.close();
  return { answers: [...answers.values()], silent: silent() };
}

function isSame(message: ControlMessage, question: Question): boolean {
  return message.kind === question.kind && 'request' in message && message.request === question.request;
}

async function orAbort(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {}); // all have answered
}

/** What workers call themselves that are connected; undefined where the broker does not say so to this user. */
async function workersConnected(
  management: Pick<Management, 'connectionNames'>,
): Promise<string[] | undefined> {
  try {
    const connections = await management.connectionNames();
    return connections
      .filter((name) => name.startsWith(WORKER_CONNECTION))
      .map((name) => name.slice(WORKER_CONNECTION.length));
  } catch (error) {
    if (error instanceof FairqError) return undefined; // those are waited for that are heard
    throw error;
  }
}
