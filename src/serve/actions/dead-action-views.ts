import { z } from 'zod';
import { DEAD_LETTER } from '../overview/dead-views.js';
import { PLANNED } from './planned-view.js';

const count = z.int();

const planOf = (action: 'redrive' | 'discard') =>
  z.object({
    action: z.literal(action),
    ...PLANNED,
    total: count.describe('dead letters, chosen or not'),
    chosen: count,
    beyondMax: count.describe('chosen as well, and more than max: the oldest are in the plan'),
    byUser: z.array(z.object({ user: z.string().nullable(), letters: count })),
    examples: z.array(DEAD_LETTER),
  });

const doneOf = (action: 'redrive' | 'discard') =>
  z.object({
    action: z.literal(action),
    carriedOut: z.literal(true),
    done: count,
    kept: z.array(z.object({ id: z.string(), reason: z.string() })).describe('left where they are'),
    gone: count.describe('taken away by somebody else meanwhile'),
  });

/** What is answered to whoever would send dead letters back, or throw them away. */
export const deadAnswer = (action: 'redrive' | 'discard', id: string) =>
  z.discriminatedUnion('carriedOut', [planOf(action), doneOf(action)]).meta({ id });

export type DeadPlanTold = z.output<ReturnType<typeof planOf>>;
export type DeadDoneTold = z.output<ReturnType<typeof doneOf>>;
