import type { Facts, QueueFacts, WorkerFacts } from '../../src/core/explain/facts.js';
import type { ToldLane, ToldTenant } from '../../src/core/explain/told.js';
import type { InForce } from '../../src/core/policy/policy.js';
import type { LimitName } from '../../src/core/policy/policy-document.js';

/** A moment; milliseconds since the epoch. */
export const NOW = 1_800_000_000_000;

export const lane = (about: Partial<ToldLane> = {}): ToldLane => ({
  queue: 'fairq.user.A',
  user: 'A',
  running: 0,
  prefetched: 0,
  heldBack: 0,
  before: null,
  weight: 1,
  ofWeight: 0.5,
  ofSlots: 0.5,
  taskMs: 100,
  retrying: 0,
  ...about,
});

export const tenant = (about: Partial<ToldTenant> = {}): ToldTenant => ({
  name: 'acme',
  weight: 1,
  running: 0,
  prefetched: 0,
  users: ['A'],
  userCount: 1,
  ofSlots: 0.5,
  before: null,
  ...about,
});

/** A worker with two slots, all of them busy. */
export const worker = (about: Partial<WorkerFacts> = {}): WorkerFacts => ({
  name: 'w1',
  slots: 2,
  busy: 2,
  ready: true,
  serves: true,
  users: 1,
  allMs: 80,
  lane: lane(),
  ...about,
});

export const queue = (about: Partial<QueueFacts> = {}): QueueFacts => ({
  name: 'fairq.user.A',
  ready: 10,
  consumers: 1,
  unacknowledged: 0,
  bound: true,
  ordered: false,
  ...about,
});

/** Ten tasks of A wait for a slot. */
export const facts = (about: Partial<Facts> = {}): Facts => ({
  now: NOW,
  subject: { of: 'user', name: 'A' },
  queueName: 'fairq.user.A',
  queue: queue(),
  alarms: [],
  workers: [worker()],
  silent: [],
  limits: {},
  unknown: [],
  ...about,
});

/** What is set, by a rule of that name. */
export function inForce(
  limits: Partial<Record<LimitName, unknown>>,
  about: { readonly name?: string; readonly until?: number; readonly reason?: string } = {},
): InForce {
  const { name = 'A', ...setting } = about;
  const found = Object.entries(limits).map(([limit, value]) => {
    const set = { value, by: 'ops', at: NOW - 60_000, ...setting };
    return [limit, { ...set, rule: { of: 'user', name, limits: {} }, passedOver: [] }];
  });
  return Object.fromEntries(found) as InForce;
}
