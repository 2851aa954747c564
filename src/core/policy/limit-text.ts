import type { Cap, LimitName, Limits, Rate, Setting } from './policy-document.js';

const PER: Readonly<Record<number, string>> = { 1000: 's', 60000: 'm', 3600000: 'h' };

/** `100/s`, as one writes it on the command line. */
export function rateText({ starts, perMs }: Pick<Rate, 'starts' | 'perMs'>): string {
  return `${starts}/${PER[perMs] ?? `${perMs}ms`}`;
}

/** The most starts at once where nobody has said it: those of a second, and one at least. */
export function usualBurst(starts: number, perMs: number): number {
  return Math.max(1, Math.floor((starts * 1_000) / perMs));
}

/** A setting's value in a word or two, such as `cap 5`. */
export function limitText(name: LimitName, value: unknown): string {
  switch (name) {
    case 'paused':
      return 'paused';
    case 'cap':
      return `cap ${capText(value as Cap)}`;
    case 'rate':
      return `rate ${rateWithBurst(value as Rate)}`;
    default:
      return `${name} ${String(value)}`;
  }
}

export function capText({ tasks, whenBusy }: Cap): string {
  return whenBusy === true ? `${tasks} when busy` : String(tasks);
}

export function rateWithBurst(rate: Rate): string {
  const text = rateText(rate);
  return rate.burst === usualBurst(rate.starts, rate.perMs) ? text : `${text}, at most ${rate.burst} at once`;
}

/** The same with its end. */
export function settingText(name: LimitName, { value, until }: Setting<unknown>): string {
  const text = limitText(name, value);
  return until === undefined ? text : `${text} until ${momentText(until)}`;
}

/** To the second. @param ms since the epoch */
export function momentText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** All that is set, in words. */
export function limitsText(limits: Limits): string {
  return (Object.entries(limits) as [LimitName, Setting<unknown>][])
    .map(([name, setting]) => settingText(name, setting))
    .join(', ');
}
