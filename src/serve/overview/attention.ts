import type { UserFigures } from './user-figures.js';

/** Why somebody who looks on should look at a user; in the order of how much that matters. */
export const ATTENTION = [
  'unserved',
  'waits-long',
  'failing',
  'over-share',
  'under-share',
  'paused',
  'at-cap',
  'capped',
  'rated',
] as const;
export type Attention = (typeof ATTENTION)[number];

/** Waits are long from here on: seconds. */
const LONG_WAIT_SECONDS = 60;
/** Shares differ by chance, too: so much of all has to be between them. */
const SHARE_APART = 0.1;
/** And they differ by this factor. */
const SHARE_FACTOR = 1.5;

/** What is to be said of a user, the most important first; empty for one that fares as it should. */
export function attentionTo(figures: UserFigures): Attention[] {
  const { share, fairShare, running, cap, rate, paused, unserved, failedLately, backlog } = figures;
  const wait = figures.oldestWaitSeconds ?? 0;
  const apart = share === null || fairShare === null ? 0 : share - fairShare;
  const isOver = apart > SHARE_APART && share! > SHARE_FACTOR * fairShare!;
  const isUnder = apart < -SHARE_APART && share! * SHARE_FACTOR < fairShare! && (backlog ?? 0) > 0;
  const isAtCap = cap !== null && running !== null && running >= cap && (backlog ?? 0) > 0;
  const said: Readonly<Record<Attention, boolean>> = {
    unserved,
    // Who is kept waiting on purpose is not the first to look at.
    'waits-long': wait >= LONG_WAIT_SECONDS && paused === null,
    failing: failedLately > 0,
    'over-share': isOver,
    'under-share': isUnder && paused === null,
    paused: paused !== null,
    'at-cap': isAtCap,
    capped: cap !== null && !isAtCap,
    rated: rate !== null,
  };
  return ATTENTION.filter((one) => said[one]);
}

/** Whoever needs most attention comes first. */
export function byAttention(a: UserFigures, b: UserFigures): number {
  return needOfAttention(b) - needOfAttention(a);
}

/**
 * How much a user needs to be looked at, in a number. Whoever waits for longest is above all else; then it is by what is
 * to be said first, and among those by the backlog.
 */
export function needOfAttention(figures: UserFigures): number {
  const said = attentionTo(figures);
  const backlog = figures.backlog ?? figures.atWorkers ?? 0;
  const most = said.includes('waits-long') ? Math.floor(figures.oldestWaitSeconds!) : 0;
  const rank = said[0] === undefined ? 0 : ATTENTION.length - ATTENTION.indexOf(said[0]);
  return (most > 0 ? ATTENTION.length + most : rank) + backlog / (backlog + 1);
}
