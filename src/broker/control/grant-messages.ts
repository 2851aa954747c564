import { isGrantNumber } from '../../core/policy/limit-bounds.js';
import { isShortName } from '../../core/values/short-name.js';

/** Who counts the grants of a queue asks everybody which numbers they hold. */
export interface GrantsQuestion {
  readonly kind: 'grants-asked';
  readonly request: string;
  readonly queue: string;
  /** Whoever hears it takes none and gives none back until it hears `grants-go-on`, or for some seconds. */
  readonly rest: boolean;
}

/** Every worker's answer, also of one that holds none. */
export interface GrantsAnswer {
  readonly kind: 'grants-held';
  /** That of the question. */
  readonly request: string;
  /** Its id, and its name. */
  readonly worker: string;
  readonly name: string;
  /** Numbers that it holds, each with a consumer on the queue. */
  readonly held: readonly number[];
  /** Numbers that are there, without one: it has just given them back, say. */
  readonly known: readonly number[];
}

/** The grants of this queue have been counted. */
export interface GrantsGoOn {
  readonly kind: 'grants-go-on';
  readonly queue: string;
}

export type GrantMessage = GrantsQuestion | GrantsAnswer | GrantsGoOn;

const MOST_NUMBERS = 100_000;

export function isGrantKind(kind: unknown): boolean {
  return kind === 'grants-asked' || kind === 'grants-held' || kind === 'grants-go-on';
}

/** Undefined for what no fairq would say. */
export function decodeGrantMessage(value: object): GrantMessage | undefined {
  const { kind, request, queue, rest, worker, name, held, known } = value as Record<string, unknown>;
  if (kind === 'grants-go-on') return isShortName(queue) ? { kind, queue } : undefined;
  if (!isShortName(request)) return undefined;
  if (kind === 'grants-asked') {
    return isShortName(queue) && typeof rest === 'boolean' ? { kind, request, queue, rest } : undefined;
  }
  if (kind !== 'grants-held' || !isShortName(worker) || typeof name !== 'string') return undefined;
  return areNumbers(held) && areNumbers(known) ? { kind, request, worker, name, held, known } : undefined;
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MOST_NUMBERS && value.every(isGrantNumber);
}
