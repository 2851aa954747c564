import { limitText } from '../../core/policy/limit-text.js';
import type { Rate } from '../../core/policy/policy-document.js';

interface Steered {
  readonly weight: number | null;
  readonly cap: number | null;
  readonly capWhenBusy: boolean;
  readonly rate: Rate | null;
  readonly paused: object | null;
}

/** What counts for a user or a tenant beside what is usual, in a few words; empty where nothing does. */
export function setText({ weight, cap, capWhenBusy, rate, paused }: Steered): string {
  return [
    ...(weight === null || weight === 1 ? [] : [limitText('weight', weight)]),
    ...(cap === null ? [] : [limitText('cap', { tasks: cap, ...(capWhenBusy && { whenBusy: true }) })]),
    ...(rate === null ? [] : [limitText('rate', rate)]),
    ...(paused === null ? [] : [limitText('paused', true)]),
  ].join(', ');
}
