/**
 * How figures of a plan are reckoned. `docs/plan.md` says the same, word for word, and why.
 *
 * N: shared queues. H: heavy users. B: tasks of a burst. T: prefetched tasks that promote a user. K: heavy users in
 * the light user's queue.
 */
export const FORMULAS = {
  'queues-each': 'one for each user that has a queue',
  'queues-hashed': 'N, and no more than users',
  'queues-promoted': 'N + H',
  memory: 'queues × memory of an idle queue',
  'memory-worker': 'queues × (memory of an idle queue + memory of its consumer)',
  processor: 'queues × processor time of a consumed idle queue',
  'make-all': 'queues ÷ queues made in a second',
  'work-between': 'between the speeds with fewer and with more queues, on logarithmic scales',
  'work-fewest': 'the speed with the fewest queues that were measured',
  'work-most': 'at most the speed with the most queues that were measured',
  'publish-nearest': 'the speed with the nearest number of queues that was measured',
  'publish-shared': 'as to queues that are there: nobody needs a new one',
  'publish-spread': 'as into hashed groups, which came to about the same in one run',
  'share-one': '1 ÷ N',
  'share-all': '1 − (1 − 1 ÷ N)^H',
  'share-none': 'nobody shares a queue',
  'ahead-turns': 'a turn of each heavy user',
  'ahead-hashed': 'B at most; half of it at a random moment of the burst',
  'ahead-promoted': 'T of each heavy user',
  'ahead-hashed-mean':
    'mean over K of: B × (K + the sum over other queues of the lesser of K and their heavy users)',
  'ahead-hashed-worst': 'the same with the K that 1 light user in 1,000 exceeds',
  'ahead-promoted-mean': 'share × T × H + (1 − share) × H',
  moving: 'from 0 to B × (1 ÷ tasks published in a second + 1 ÷ tasks worked off in a second)',
  wait: '(tasks ahead + 1) × task time ÷ slots, up to ÷ (slots − busy slots)',
  'wait-moving': 'the same, and the time of moving',
  'wait-moving-mean': 'the same, and share × H × the time of moving',
  'wait-moving-all': 'the same, and H × the time of moving',
} as const;

export type FormulaName = keyof typeof FORMULAS;
