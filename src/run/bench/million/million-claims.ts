import { percentiles } from '../../../core/measures/percentiles.js';
import type { MillionSizes, MillionTrial } from '../../../core/reports/million-report.js';
import type { Claim } from '../claims.js';
import { count } from '../words.js';
import { SLOTS } from './sizes.js';

/** What the light users share in the case that promises something. */
export const SHARED = 'shared:64';
export const A_QUEUE_EACH = 'a queue each';
export const HASHED = 'hash:64';

const LEAST_PUBLISH = 0.7;
const LEAST_WORK = 0.6;
const MOST_MEMORY_BYTES = 100e6;
const MOST_WAIT = 1.2;
const LEAST_JAIN = 0.99;

/** Of fewer tasks the start is most of the time. */
const FEWEST_TASKS = 50_000;
/** Where the slots need so many times what is in the load, the processors are what is measured. */
const PROCESSORS_BUSY = 1.2;
/** Among fewer the tasks that one user may have before it is promoted are many. */
const FEWEST_LIGHT_USERS = 5_000;

type MillionClaim = Claim<MillionTrial>;
type Unjudged = NonNullable<MillionClaim['unjudged']>;

const ofFewTasks: Unjudged = (rounds) =>
  largestOf(rounds, ({ newUsers, tasksEach }) => newUsers * tasksEach) < FEWEST_TASKS
    ? `it takes ${count(FEWEST_TASKS)} tasks or more, as the start is part of it`
    : undefined;

const ofFewUsers: Unjudged = (rounds) =>
  largestOf(rounds, ({ burst }) => burst.lightUsers) < FEWEST_LIGHT_USERS
    ? `it takes ${count(FEWEST_LIGHT_USERS)} light users or more`
    : undefined;

/** Slots have to be what light users wait for. */
const ofWaits: Unjudged = (rounds) => {
  const tooFew = ofFewUsers(rounds);
  if (tooFew !== undefined) return tooFew;
  const promising = rounds.flat().filter(({ variant }) => variant === SHARED);
  const needed = Math.max(...promising.map(({ sizes }) => slotMs(sizes)));
  const waited = percentiles(Float64Array.from(promising, ({ burst }) => burst.quietP95Ms))?.p50 ?? 0;
  if (waited <= PROCESSORS_BUSY * needed) return undefined;
  const seconds = (value: number) => (value / 1_000).toFixed(1);
  return `without the burst they waited ${seconds(waited)} s for what slots do in ${seconds(needed)} s, so the processors were short`;
};

/** How long all light users' tasks keep the slots busy. */
function slotMs({ burst }: MillionSizes): number {
  return (burst.lightUsers * burst.tasksEach * burst.lightMs) / (SLOTS.workers * SLOTS.concurrency);
}

function largestOf(
  rounds: readonly (readonly MillionTrial[])[],
  size: (sizes: MillionSizes) => number,
): number {
  return Math.max(...rounds.flat().map(({ sizes }) => size(sizes)));
}

const promisedBy = [SHARED];

/** What is measured of each way to have queues, and what shared queues with promotion promise. */
export const MILLION_CLAIMS: readonly MillionClaim[] = [
  { name: 'new users', unit: 'position', of: ({ sizes }) => sizes.newUsers, promisedBy },
  {
    name: 'new users: published',
    unit: 'per second',
    of: ({ newUsers }) => newUsers.publishPerSecond,
    isSpeed: true,
    promisedBy,
  },
  {
    name: 'published: of plain amqplib',
    unit: 'share',
    of: ({ newUsers }) => newUsers.publishPerSecond / newUsers.plain.publishPerSecond,
    atLeast: LEAST_PUBLISH,
    unjudged: ofFewTasks,
    isSpeed: true,
    promisedBy,
  },
  {
    name: 'new users: worked off',
    unit: 'per second',
    of: ({ newUsers }) => newUsers.workPerSecond,
    isSpeed: true,
    promisedBy,
  },
  {
    name: 'worked off: of plain amqplib',
    unit: 'share',
    of: ({ newUsers }) => newUsers.workPerSecond / newUsers.plain.consumePerSecond,
    atLeast: LEAST_WORK,
    unjudged: ofFewTasks,
    isSpeed: true,
    promisedBy,
  },
  { name: "new users: Jain's index", unit: 'share', of: ({ newUsers }) => newUsers.jainAtHalf, promisedBy },
  { name: 'new users: queues', unit: 'position', of: ({ newUsers }) => newUsers.queues, promisedBy },
  { name: 'idle: users', unit: 'position', of: ({ idle, sizes }) => idle && sizes.idleUsers, promisedBy },
  {
    name: "idle: broker's memory for them",
    unit: 'bytes',
    of: ({ idle }) => idle?.memoryBytes ?? null,
    atMost: MOST_MEMORY_BYTES,
    promisedBy,
  },
  {
    name: 'burst: light users',
    unit: 'position',
    of: ({ sizes }) => sizes.burst.lightUsers,
    promisedBy,
  },
  {
    name: 'burst: their p95 wait without',
    unit: 'ms',
    of: ({ burst }) => burst.quietP95Ms,
    isSpeed: true,
    promisedBy,
  },
  {
    name: 'burst: their p95 wait with it',
    unit: 'ms',
    of: ({ burst }) => burst.lightP95Ms,
    isSpeed: true,
    promisedBy,
  },
  {
    name: 'burst: times as long',
    unit: 'share',
    of: ({ burst }) => burst.lightP95Ms / burst.quietP95Ms,
    atMost: MOST_WAIT,
    unjudged: ofWaits,
    isSpeed: true,
    promisedBy,
  },
  {
    name: "burst: Jain's index",
    unit: 'share',
    of: ({ burst }) => burst.jainAtHalf,
    atLeast: LEAST_JAIN,
    unjudged: ofFewUsers,
    promisedBy,
  },
  { name: 'burst: users promoted', unit: 'position', of: ({ burst }) => burst.promotions.users, promisedBy },
  { name: 'burst: tasks moved', unit: 'tasks', of: ({ burst }) => burst.promotions.movedTasks, promisedBy },
  { name: 'crowd: users', unit: 'position', of: ({ crowd }) => crowd?.users ?? null, promisedBy },
  { name: 'crowd: queues', unit: 'position', of: ({ crowd }) => crowd?.queues ?? null, promisedBy },
  {
    name: "crowd: Jain's index",
    unit: 'share',
    of: ({ crowd }) => crowd?.jainAtHalf ?? null,
    promisedBy,
  },
  {
    name: "crowd: light users' p95 wait",
    unit: 'ms',
    of: ({ crowd }) => crowd?.lightP95Ms ?? null,
    promisedBy,
  },
  {
    name: 'crowd: users promoted',
    unit: 'position',
    of: ({ crowd }) => crowd?.promotions.users ?? null,
    promisedBy,
  },
  {
    name: 'crowd: tasks moved',
    unit: 'tasks',
    of: ({ crowd }) => crowd?.promotions.movedTasks ?? null,
    promisedBy,
  },
];
