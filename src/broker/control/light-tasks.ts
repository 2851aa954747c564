import type { LightTasks, ToldLightUser } from '../../core/top/light-tasks.js';
import { isClockTime, isWithin } from '../../core/values/sane-numbers.js';
import { isShortName } from '../../core/values/short-name.js';
import { isToldText } from './running-question.js';

/** The question what waits at a worker of the users that share queues; every worker answers. */
export interface LightQuestion {
  readonly kind: 'light';
  /** Unique to the question. */
  readonly request: string;
}

/** A worker's answer to `light`. Workers of old do not answer: what waits there is not known. */
export interface LightAnswer extends LightTasks {
  readonly kind: 'light-here';
  /** That of the question. */
  readonly request: string;
  /** Its id. */
  readonly worker: string;
}

/** Keeps an answer small, however many users there are. */
export const MOST_LIGHT_TOLD = 50;
const MOST = Number.MAX_SAFE_INTEGER;

export function isLightKind(kind: unknown): boolean {
  return kind === 'light' || kind === 'light-here';
}

/** Undefined for what no fairq would say. */
export function decodeLightMessage(value: object): LightQuestion | LightAnswer | undefined {
  const { kind, request, worker, queues, users, tasks, most } = value as Record<string, unknown>;
  if (!isShortName(request)) return undefined;
  if (kind === 'light') return { kind: 'light', request };
  if (!isShortName(worker) || !isWithin(queues, 0, MOST)) return undefined;
  if (!isWithin(users, 0, MOST) || !isWithin(tasks, 0, MOST)) return undefined;
  if (!Array.isArray(most) || most.length > MOST_LIGHT_TOLD || !most.every(isTold)) return undefined;
  const told = most.map(({ user, tasks: count, oldest }) => ({ user, tasks: count, oldest }));
  return { kind: 'light-here', request, worker, queues, users, tasks, most: told };
}

function isTold(value: unknown): value is ToldLightUser {
  if (typeof value !== 'object' || value === null) return false;
  const { user, tasks, oldest } = value as Record<string, unknown>;
  return isToldText(user) && isWithin(tasks, 1, MOST) && isClockTime(oldest);
}
