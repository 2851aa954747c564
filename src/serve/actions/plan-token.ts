import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { Problem } from '../http/problem.js';

/** Who has thought for longer is to look again. */
export const PLAN_VALID_MS = 10 * 60_000;
/** Clocks of two servers may differ by so much. */
const SKEW_MS = 60_000;
/** What a plan may come to when it is unpacked. */
const MOST_BYTES = 8 * 1024 * 1024;

const name = z.string().min(1).max(255);
const count = z.int().min(0);
const head = {
  /** When it was made; milliseconds since the epoch. */
  at: z.number(),
  /** The vhost and the prefix that it is about. */
  place: z.string(),
};

/** What a plan is about, by action: as much as it takes to tell whether that is still there. */
const PLANS = {
  purge: z.strictObject({ action: z.literal('purge'), ...head, queue: name, ready: count }),
  delete: z.strictObject({
    action: z.literal('delete'),
    ...head,
    queue: name,
    ready: count,
    withTasks: z.boolean(),
  }),
  prune: z.strictObject({
    action: z.literal('prune'),
    ...head,
    /** With what had come and gone: where that is the same, the queue was not used meanwhile. */
    queues: z.array(z.tuple([name, z.string()])),
  }),
  redrive: z.strictObject({ action: z.literal('redrive'), ...head, ids: z.array(z.string()) }),
  discard: z.strictObject({ action: z.literal('discard'), ...head, ids: z.array(z.string()) }),
};

export type ActionName = keyof typeof PLANS;
export type Planned<Action extends ActionName> = z.output<(typeof PLANS)[Action]>;
/** What a plan says of itself, without what every plan has. */
export type PlanBody<Action extends ActionName> = Omit<Planned<Action>, 'action' | 'at' | 'place'>;

/**
 * The plan itself, packed: any server that is asked knows what was planned. It is no secret, and gives nobody a right:
 * what it says is checked against what is there, and who asks against what they may do.
 */
export class PlanTokens {
  /** @param place which plans are about the same broker: those of another are refused */
  constructor(
    private readonly place: string,
    private readonly epochMs: () => number,
  ) {}

  make<Action extends ActionName>(
    action: Action,
    body: PlanBody<Action>,
  ): { readonly token: string; readonly expiresAt: string } {
    const at = Math.floor(this.epochMs());
    const text = JSON.stringify({ action, at, place: this.place, ...body });
    return {
      token: deflateRawSync(text).toString('base64url'),
      expiresAt: new Date(at + PLAN_VALID_MS).toISOString(),
    };
  }

  /** @throws Problem 400 for what is no plan of this action; 409 for one that is too old */
  read<Action extends ActionName>(action: Action, token: string): Planned<Action> {
    const { success, data } = PLANS[action].safeParse(unpacked(token));
    if (!success) throw badToken('It is none that a plan of this action gave.');
    const plan = data as Planned<Action>;
    if (plan.place !== this.place) throw badToken('It is of another broker, vhost or prefix.');
    const age = this.epochMs() - plan.at;
    if (age < -SKEW_MS) throw badToken('It was made in the future.');
    if (age > PLAN_VALID_MS) {
      throw new Problem(
        409,
        'plan-expired',
        'The plan is too old',
        'Nothing was done. Ask for a new plan: the same request without a token.',
      );
    }
    return plan;
  }
}

export function badToken(detail: string): Problem {
  return new Problem(400, 'bad-token', 'This is no token of such a plan', `Nothing was done. ${detail}`);
}

function unpacked(token: string): unknown {
  try {
    const bytes = inflateRawSync(Buffer.from(token, 'base64url'), { maxOutputLength: MOST_BYTES });
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
