/** One thing that an operator has set. Times are milliseconds since the epoch. */
export interface Setting<T> {
  readonly value: T;
  /** Who set it. */
  readonly by: string;
  readonly at: number;
  /** It ends then; undefined: it holds until somebody takes it back. */
  readonly until?: number;
  readonly reason?: string;
}

/** So many starts in each window of `perMs`. */
export interface Rate {
  readonly starts: number;
  readonly perMs: number;
  /** The most starts at once. */
  readonly burst: number;
}

/** The most tasks at a time, over all workers. */
export interface Cap {
  readonly tasks: number;
  /** It binds only while others wait. */
  readonly whenBusy?: true;
}

/** What may be set for a user or a tenant; each has an end of its own. */
export interface Limits {
  readonly weight?: Setting<number>;
  readonly cap?: Setting<Cap>;
  readonly rate?: Setting<Rate>;
  readonly paused?: Setting<true>;
  /** The most tasks that may wait. */
  readonly backlog?: Setting<number>;
}

export type LimitName = keyof Limits;

/** All of them, in the order in which they are shown. */
export const LIMIT_NAMES: readonly LimitName[] = ['weight', 'cap', 'rate', 'paused', 'backlog'];

/** Whom a rule is for. */
export type RuleOf = 'user' | 'tenant';

export interface PolicyRule {
  readonly of: RuleOf;
  /** A name, or a glob over names. */
  readonly name: string;
  readonly limits: Limits;
}

/** All that operators have set under one prefix. Each change makes another document, with the next revision. */
export interface PolicyDocument {
  readonly version: 1;
  readonly revision: number;
  /** The revision that the operator saw. */
  readonly madeFrom: number;
  /** When it was made: milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  /** The change in words. */
  readonly what: string;
  readonly reason?: string;
  readonly rules: readonly PolicyRule[];
}

/** Nobody has set anything. */
export const NO_POLICY: PolicyDocument = {
  version: 1,
  revision: 0,
  madeFrom: 0,
  at: 0,
  by: '',
  what: 'nothing has been set',
  rules: [],
};
