import type { CompletionOrder } from '../../core/reports/run-report.js';
import { bucketOf, type Scale } from './axis.js';

/** For each drawn user and each bucket of positions: how much of the bucket is this user's, 0 to 1. */
export type LaneShares = readonly Float64Array[];

/** One pass over the completions that the scale shows. */
export function laneShares(order: CompletionOrder, users: readonly string[], scale: Scale): LaneShares {
  const laneOfUser = new Map(users.map((user, lane) => [user, lane]));
  const laneOf = Int32Array.from(order.users, (user) => laneOfUser.get(user) ?? -1);
  const shares = users.map(() => new Float64Array(scale.buckets));
  const sizes = new Float64Array(scale.buckets);
  const shown = Math.min(scale.positions, order.order.length);
  for (let i = 0; i < shown; i++) {
    const bucket = bucketOf(i + 1, scale);
    const lane = laneOf[order.order[i]!]!;
    sizes[bucket]!++;
    if (lane >= 0) shares[lane]![bucket]!++;
  }
  // The last bucket of a run that is shorter than the axis is not full.
  for (const share of shares) {
    for (let bucket = 0; bucket < share.length; bucket++) share[bucket]! /= sizes[bucket]! || 1;
  }
  return shares;
}
