import type { RepublishableProperties } from '../message/republishable.js';
import type { CeleryCall } from './decode-task.js';
import { pythonRepr, pythonTuple } from './python-text.js';

/** A call as its JSON was written. */
export interface WrittenCall {
  readonly argsJson: string;
  readonly kwargsJson: string;
}

/** What every message of one kind of task has in common: protocol 2, JSON. */
export interface CeleryMessages {
  readonly body: string;
  headers(id: string): Record<string, unknown>;
  properties(id: string): RepublishableProperties;
}

/**
 * Messages as Celery's `apply_async` would send them, for any number of tasks that differ in their id alone.
 *
 * @param origin who sends them, as `pid@host`
 * @param replyTo the queue where their results are waited for; empty: nowhere
 */
export function celeryMessages(
  task: string,
  { args, kwargs, argsJson, kwargsJson }: CeleryCall & WrittenCall,
  origin: string,
  replyTo = '',
): CeleryMessages {
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
  const common = {
    lang: 'py',
    task,
    shadow: null,
    eta: null,
    expires: null,
    group: null,
    group_index: null,
    retries: 0,
    timelimit: [null, null],
    parent_id: null,
    origin,
    ignore_result: false,
    argsrepr: pythonTuple(args),
    kwargsrepr: pythonRepr(kwargs),
  };
  return {
    // As it was written: JavaScript would round large integers, and make integers of floats.
    body: `[${argsJson},${kwargsJson},${JSON.stringify(embed)}]`,
    headers: (id) => ({ ...common, id, root_id: id }),
    properties: (id) => ({
      type: task,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: id,
      replyTo,
    }),
  };
}
