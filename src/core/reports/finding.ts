/** `unknown`: it could not be found out, such as for want of a permission. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** What one check has come to. */
export interface Finding {
  /** Short and stable, for programs too. */
  readonly check: string;
  readonly level: Level;
  /** What was found, as a sentence without its full stop. */
  readonly text: string;
  /** What to do about it: a sentence, or a command. */
  readonly mend?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text };
}

export function warning(check: string, text: string, mend: string): Finding {
  return { check, level: 'warning', text, mend };
}

export function problem(check: string, text: string, mend: string): Finding {
  return { check, level: 'problem', text, mend };
}

export function unknown(check: string, text: string, mend: string): Finding {
  return { check, level: 'unknown', text, mend };
}

/** `1 queue`, `12,000 queues` */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** The first few of them, quoted, and how many more. */
export function some(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name));
  const more = names.length - most;
  return more > 0 ? `${shown.join(', ')} and ${more.toLocaleString('en-US')} more` : shown.join(', ');
}
