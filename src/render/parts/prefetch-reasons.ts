import type { PrefetchReason } from '../../core/scheduling/prefetch.js';

/** The reasons in words, to go on after "N tasks may be unacknowledged here, ". */
export const PREFETCH_REASONS: Readonly<Record<PrefetchReason, string>> = {
  unknown: 'one for each of its slots: nobody knows yet how long its tasks take',
  slots: 'one for each of its slots: its tasks are long',
  ahead: 'so that 20 ms of work are at hand',
  starved: 'as many as keep every slot busy',
  'worker-budget': 'its part of what one worker may hold',
  'user-budget': 'what all workers together may hold of one user, divided among them',
  'held-back': 'one beside what runs: its cap or its rate keeps the next task from starting',
  spread: 'so that a user who sends many shows, who then gets a queue of its own',
  fixed: 'by --prefetch',
};
