/**
 * Errors are sorted by what the operator has to do about them; `core/errors/exit-code.ts` gives each kind its
 * exit code. Every message says what happened and to which thing; `hint` says what to do next.
 */
export type ErrorKind = 'usage' | 'unreachable' | 'refused' | 'partial' | 'check-failed' | 'interrupted';

export interface ErrorDetails {
  /** What to do next: one sentence, or a command to run. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class FairqError extends Error {
  override readonly name = 'FairqError';
  readonly hint: string | undefined;

  constructor(
    readonly kind: ErrorKind,
    /** Stable and literal, for programs and for searching the documentation. */
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
  }
}

/** The command line, a file it names or a value in the environment has to be corrected. */
export function usageError(code: string, message: string, details?: ErrorDetails): FairqError {
  return new FairqError('usage', code, message, details);
}

/** Nothing answers where the broker should be: start it, or correct the address. */
export function unreachableError(code: string, message: string, details?: ErrorDetails): FairqError {
  return new FairqError('unreachable', code, message, details);
}

/** The broker answered, and said no: credentials, permissions, a vhost or a plugin. */
export function refusedError(code: string, message: string, details?: ErrorDetails): FairqError {
  return new FairqError('refused', code, message, details);
}

/** Some of the work was done and some was not; the message says how much of each. */
export function partialError(code: string, message: string, details?: ErrorDetails): FairqError {
  return new FairqError('partial', code, message, details);
}

/** The text of whatever was thrown, in one line. A handler may throw anything, and so may what it throws. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof AggregateError && error.message === '') {
      return error.errors.map(messageOf).join('; ');
    }
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something that cannot be shown';
  }
}

/** The operator stopped it; the message says in what state things are. */
export function interruptedError(state: string): FairqError {
  return new FairqError('interrupted', 'INTERRUPTED', `interrupted: ${state}`);
}

/** Undefined where the broker refuses the answer. */
export async function ifAllowed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FairqError && error.kind === 'refused') return undefined;
    throw error;
  }
}
