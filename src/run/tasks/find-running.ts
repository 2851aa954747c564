import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import { announce, listen, ROLL_CALL_MS, WORKER_SAYS_EVERY_MS } from '../../broker/control/control.js';
import type { RunningAnswer } from '../../broker/control/running-question.js';
import type { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';
import { type Names, WORKER_CONNECTION } from '../../core/queues/names.js';
import type { RunningTasks } from '../../core/reports/running-report.js';
import type { Clock } from '../../core/values/clock.js';

/** A worker on a busy machine takes its time. One that is known and has not answered by then is silent. */
const ANSWER_WITHIN_MS = 3 * WORKER_SAYS_EVERY_MS;

export interface RunningDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** These have not answered yet and are waited for, so long at most; milliseconds. */
  readonly onWaiting: (names: readonly string[], ms: number) => void;
}

/**
 * Asks all workers what they run: known to nobody else. It ends when all have answered who are known. One that is busy
 * with a task that blocks it is silent.
 */
export async function findRunning(
  { connection, management, names, clock, newId, onWaiting }: RunningDeps,
  longerThanMs: number,
  limit: number,
): Promise<RunningTasks> {
  const request = newId();
  const answers = new Map<string, RunningAnswer>();
  const heard = new Map<string, string>();
  const all = new AbortController();
  let connected: readonly string[] | undefined;
  /** Every worker that can speak has spoken. */
  let isRollCalled = false;
  const endIfAll = () => {
    if (connected === undefined && !isRollCalled) return;
    if (answers.size < (connected?.length ?? 0)) return;
    if ([...heard.keys()].every((id) => answers.has(id))) all.abort();
  };
  const control = await listen(connection, names, {
    onMessage: (message) => {
      if (message.kind === 'worker') heard.set(message.worker.id, message.worker.name);
      else if (message.kind === 'bye') heard.delete(message.id);
      else if (message.kind === 'all-running' && message.request === request)
        answers.set(message.worker, message);
      endIfAll();
    },
    onFailure: () => {}, // fewer are heard, and the connection's own failure ends the command
  });
  const ask = () => {
    const channel = control.current;
    if (channel !== undefined) announce(channel, names, { kind: 'running', request, longerThanMs, limit });
  };
  const silent = () => {
    const answered = new Set([...answers.values()].map(({ name }) => name));
    const there = new Set([...heard.values(), ...(connected ?? [])]);
    return [...there].filter((name) => !answered.has(name)).sort();
  };
  ask();
  const rollCalled = orAbort(ROLL_CALL_MS, all.signal);
  connected = await workersConnected(management);
  endIfAll();
  await rollCalled;
  isRollCalled = true;
  if (!all.signal.aborted) {
    // Who has ended meanwhile is not waited for, and who has come meanwhile has not been asked.
    connected = await workersConnected(management);
    endIfAll();
    ask();
    const ms = ANSWER_WITHIN_MS - ROLL_CALL_MS;
    if (!all.signal.aborted) onWaiting(silent(), ms);
    await orAbort(ms, all.signal);
  }
  control.close();
  const now = clock.epochMicros();
  const tasks = [...answers.values()].flatMap(({ name, tasks: told }) =>
    told.map(({ type, ...task }) => ({
      ...task,
      task: type,
      worker: name,
      seconds: Math.max(0, now - task.started) / 1e6,
    })),
  );
  return {
    tasks: tasks.sort((a, b) => a.started - b.started).slice(0, limit),
    total: [...answers.values()].reduce((sum, { total }) => sum + total, 0),
    workers: [...answers.values()].map(({ name }) => name).sort(),
    silent: silent(),
  };
}

async function orAbort(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {}); // all have answered
}

/** What workers call themselves that are connected; undefined where the broker does not say so to this user. */
async function workersConnected(management: Management): Promise<string[] | undefined> {
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
