/**
 * The figures by which a worker decides how much it prefetches, when a queue rests, and when a task starts. Each says
 * its unit, and what was measured. "Chosen" is said of a figure that has not been measured against others.
 *
 * Measured on two cores that the broker shared, in November 2026, with `fairq bench` and `npm run ceiling`.
 */

// ---- How long tasks take

/** Milliseconds. How long a shorter task took is mostly noise. Chosen: timers and the event loop are no finer. */
export const NOISE_MS = 1;

/**
 * Milliseconds. Shorter tasks take no time worth planning for. Where the prefetch of a queue followed such times, what
 * users got followed noise: Jain's index of 1,000 users at half time was 0.86 to 0.998, and is 0.995 to 0.999 without.
 */
export const NO_TIME_MS = 0.25;

/** A part of 1. Each new run time counts for so much of the mean. Chosen: some twenty tasks make a new mean. */
export const TIME_GAIN = 0.1;

/**
 * Times the tasks before it. One task counts as at most so many times as long: the processor may have been taken away.
 * Without that one task held up for some milliseconds gave its user another prefetch than all others.
 */
export const TIME_OUTLIER = 10;

/** Milliseconds. For `TIME_OUTLIER` the tasks before count as so long at least. Chosen: a task that does nothing. */
export const SHORTEST_MS = 0.02;

/**
 * Tasks. The first tasks run before the code is warm, so the median of so many says how long tasks take. With a mean
 * the prefetch of one user or the other was 75 where 2,048 is right, when one of the first tasks lost the processor.
 */
export const FIRST_TASKS = 10;

/** Milliseconds. A task that runs for so long is evidence of long tasks before it has ended. Chosen: a round trip. */
export const LONG_MS = 20;

// ---- Prefetch: how much of a queue

/** Milliseconds of work at hand beyond the running tasks: a round trip to a loaded broker. Chosen. */
export const AHEAD_MS = 20;

/** Milliseconds. The same for a broker that is slow to answer, when slots have been idle for want of deliveries. Chosen. */
export const WIDENED_AHEAD_MS = 100;

/** Milliseconds. Between shorter tasks slots are always idle for a moment, so their prefetch is not widened. Chosen. */
export const SHORTEST_TO_WIDEN_MS = 1;

/** Tasks prefetched over all users, and divided among the workers. Chosen. */
export const WORKER_BUDGET = 4_096;

/**
 * Tasks. A worker by itself prefetches so many among a middling number of users. So much hides the round trip, and what
 * is beyond it outlives the garbage collector's young generation: with 100 users 4,096 run at 37,300/s, with a largest
 * lag of 78 to 144 tasks; 1,024 run at 40,400/s, with one of 34.
 */
export const ALONE_BUDGET = 1_024;

/** Users. Fewer users share more than `ALONE_BUDGET`: the broker is fastest with long runs from one queue. */
export const ALONE_FEW_USERS = 8;

/** Tasks of each user, where `ALONE_BUDGET` is less: many users want a few tasks each. */
export const ALONE_EACH = 6;

/**
 * Tasks of one user at several workers together. What the slowest worker has of a user's last tasks comes late by as
 * many turns of all the others. Chosen: that is about 40 ms of work, as `fairq bench churn` measures it.
 */
export const SHARED_USER_BUDGET = 256;

/** The power of the number of workers by which `SHARED_USER_BUDGET` is divided. Chosen: more workers, less of each user. */
export const SHARED_USER_POWER = 1.5;

/** A part of 1. A user that has several workers to itself may have so much of its backlog prefetched. Chosen. */
export const PART_OF_BACKLOG = 1 / 4;

/**
 * Tasks of one user that are prefetched out of spread queues, at all workers together. A user who has more gets a queue of
 * its own. A light user waits for so many tasks of any other one at most. Chosen: a burst that nobody minds.
 */
export const PROMOTE_AFTER = 32;

/**
 * Times. A spread queue has so much larger a prefetch while tasks of a heavy user are moved out of it. A move takes a round
 * trip to the broker, and light users wait behind it. Chosen.
 */
export const MOVING_PREFETCH = 8;

/**
 * Tasks prefetched at one worker over all spread queues that nobody fills. 4,096 among 64 queues outlive the garbage
 * collector's young generation: for 100,000 tasks of 10,000 users the worker takes a tenth more processor time.
 */
export const CALM_SPREAD_BUDGET = 2_048;

/** Milliseconds. A spread queue has its whole prefetch for so long after one user had much of it. Chosen. */
export const CROWDED_FOR_MS = 500;

/** Tasks. The smallest prefetch of a spread queue, whatever the number of workers and queues. Chosen. */
export const LEAST_SPREAD = 4;

// ---- Prefetch: when it changes

/** Milliseconds between two adjustments of every queue's prefetch. Chosen. */
export const ADJUST_EVERY_MS = 5;

/** Users. With more of them an adjustment takes longer, and is done more rarely in proportion. Chosen. */
export const ADJUST_AT_ONCE = 64;

/** Times. A prefetch that is too small grows when so much larger a one is wanted; less is not worth a message. Chosen. */
export const GROW_BY = 1.5;

/** Times. A prefetch that is so much larger than wanted is made smaller. Chosen: less is not worth a message. */
export const SHRINK_BY = 2;

/** Milliseconds. A prefetch is made smaller at most so often; it grows at once. Chosen. */
export const SHRINK_EVERY_MS = 200;

/** A part of 1. Of the prefetch that it took to keep the slots busy so much is kept at each `SHRINK_EVERY_MS`. Chosen. */
export const KEEP_OF_NEEDED = 0.95;

/**
 * Milliseconds. A queue that was just taken up has a part in the prefetch of all for so long: what waits in it is on its
 * way. Where such queues did not count, the first of them got too large a prefetch.
 */
export const FRESH_COUNTS_FOR_MS = 50;

/** Users up to which it is worth a round trip for each to ask the broker what waits. Chosen: among more each gets few. */
export const ASK_DEPTH_UP_TO_USERS = 256;

// ---- Rests: when a user has run out

/** Milliseconds. The next deliveries of an empty queue, if there are any, have come by then. Chosen. */
export const REST_AFTER_MS = 40;

/**
 * Milliseconds. The same where the broker is what limits the speed: it takes up to 100 ms to turn a prefetch around. With
 * 40 whole rounds of 1,000 users were laid to rest, and lost their turns.
 */
export const REST_AFTER_LOADED_MS = 150;

/**
 * Milliseconds. A user that rests still has a part in the prefetch of all for so long. Among many users each has nothing
 * here for a moment now and then; where its part was lost, the others' prefetch was unequal, and so was what they got.
 */
export const RESTING_COUNTS_FOR_MS = 500;

// ---- Patience: how long what waits in the queues is waited for

/** For how long to wait for things that come one by one: while they do, and within reason. Milliseconds. */
export interface PatienceLimits {
  /** Nothing more has come for so long: what is lacking does not come. */
  readonly silenceMs: number;
  readonly mostMs: number;
}

/** With other workers about these may have what is lacking. Chosen. */
export const SHARED_PATIENCE: PatienceLimits = { silenceMs: 15, mostMs: 500 };

/** Alone, what waited is on its way. A broker on a busy machine was seen to send none of it for half a second. */
export const PATIENCE: PatienceLimits = { silenceMs: 1_000, mostMs: 5_000 };

/** Tasks. With so many of a user at hand the broker's next deliveries come before they run out. Chosen. */
export const ENOUGH_AT_HAND = 1_024;

// ---- Slow start: how long tasks take, before much is prefetched

/**
 * Steps of `SAMPLE_STEP_MS`. Tasks that have not ended by then are not short, and queues that have sent nothing are
 * empty. Time is counted in steps in which the worker ran: while the processor is taken away from it, no task can end.
 */
export const SAMPLE_STEPS = 10;

/** Milliseconds of a step of a sample. */
export const SAMPLE_STEP_MS = 2;

/** Milliseconds. Where samples take less, every queue gets a prefetch that fits before anything else starts. Chosen. */
export const SHORT_TASK_MS = 10;

/** Milliseconds. The rest of the queues may take so long to be taken up before tasks start without them. Chosen. */
export const TAKE_UP_WITHIN_MS = 1_000;

/**
 * Queues at least from which samples come: where tasks are long, they are all that starts for a while. With 1,000 users
 * the first task starts after 90 ms, and after 280 where all queues are taken up before.
 */
export const SAMPLED_QUEUES = 32;

// ---- Rebalancing: tasks for slots of other workers

/** Milliseconds between two checks of what other workers have free, and of what runs long. Chosen. */
export const CHECK_EVERY_MS = 20;

/** Milliseconds. With nothing to start for so long a worker is idle, and says so. Chosen. */
export const IDLE_AFTER_MS = 10;

/** Milliseconds. An idle worker says so again, in case what was left to it went elsewhere. Chosen. */
export const SAY_IDLE_EVERY_MS = 250;

/** Milliseconds. An idle worker says so again for so long; later its heartbeat is enough. Chosen. */
export const SAY_IDLE_FOR_MS = 2_000;

/** Milliseconds. A prefetched task that starts so soon is better started here than sent back to the broker. Chosen. */
export const SOON_MS = 25;

/**
 * Microseconds: ten minutes. The broker takes a delivery for lost after 30 minutes. A prefetched task that cannot
 * start goes back long before. Chosen.
 */
export const PREFETCHED_AT_MOST_MICROS = 10 * 60 * 1e6;

/** Milliseconds between two searches for such tasks. */
export const SWEEP_OLD_EVERY_MS = 30_000;

// ---- Start gate: a choice at hand

/**
 * Milliseconds. The last delivery may be so long ago before the prefetched tasks start all the same. A broker that
 * shares its processors may get none for some milliseconds.
 */
export const GATE_WAIT_MS = 25;

/**
 * A part of 1. Of what the prefetch of users with a backlog allows so much is to be here before a task starts. With 1,000
 * users and two workers that costs 6 % of the speed, and brings the largest lag from 5 to 10 tasks to 2 or 3.
 */
export const GATE_PART = 1 / 2;

/** Milliseconds between two looks at who has a backlog. Chosen. */
export const GATE_EVERY_MS = 5;

/** Users. Among fewer each has tasks here nearly always, with a prefetch that is large: no start waits. Chosen. */
export const GATE_FROM_USERS = 32;

// ---- Bursts of starts

/** Tasks that end at once are run so many in a row, then the network gets its turn. Chosen. */
export const BURST = 512;

/** Milliseconds. The same for tasks that keep the processor busy. Chosen. */
export const BURST_MS = 5;
