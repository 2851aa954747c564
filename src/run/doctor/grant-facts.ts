import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import { replyCode } from '../../broker/connection/connection.js';
import { keepsBackWhatIsLost } from '../../broker/policy/grant-kind.js';
import { GrantTalk } from '../../broker/policy/grant-talk.js';
import type { Names } from '../../core/queues/names.js';

/** Workers answer within that time; milliseconds. */
const ANSWER_MS = 600;
/** Grants are on their way now and then: what is wrong has to be so in each of these looks. */
const LOOKS = 5;
/** The broker keeps back for so long what was lost, where it can. */
const KEPT_BACK_MS = 5_500;
const AT_ONCE = 16;

/** A queue of permits or tokens, and how many it is to have. */
export interface GrantsExpected {
  readonly queue: string;
  readonly count: number;
}

export interface GrantsSeen extends GrantsExpected {
  /** All that were found: in the queue, and held by workers that answered. */
  readonly there: number;
  /** Numbers that two workers hold. */
  readonly doubles: readonly number[];
  /** Somebody consumes the queue: some may be held by a worker that does not answer. */
  readonly isUsed: boolean;
}

/** Queues that have more or fewer than they should, each in several looks. Nobody rests for it, and nothing is taken. */
export async function wrongGrants(
  connection: Connection,
  names: Names,
  expected: readonly GrantsExpected[],
): Promise<GrantsSeen[]> {
  const talk = await GrantTalk.open(connection, names, undefined, () => {});
  try {
    let wrong = await lookAll(connection, talk, expected);
    for (let looks = 1; looks < LOOKS && wrong.length > 0; looks++) {
      if (keepsBackWhatIsLost(connection.brokerVersion)) await delay(KEPT_BACK_MS / (LOOKS - 1));
      wrong = await lookAll(connection, talk, wrong);
    }
    return wrong;
  } finally {
    talk.close();
  }
}

async function lookAll(
  connection: Connection,
  talk: GrantTalk,
  expected: readonly GrantsExpected[],
): Promise<GrantsSeen[]> {
  const wrong: GrantsSeen[] = [];
  const left = [...expected];
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const seen = await look(connection, talk, next);
      if (seen !== undefined && (seen.there !== seen.count || seen.doubles.length > 0)) wrong.push(seen);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return wrong;
}

/** Undefined: it is not there. */
async function look(
  connection: Connection,
  talk: GrantTalk,
  { queue, count }: GrantsExpected,
): Promise<GrantsSeen | undefined> {
  const idle = await counts(connection, queue);
  // Nobody has anything: there is nobody to ask.
  if (idle === undefined || (idle.consumers === 0 && idle.ready === count)) {
    return idle && { queue, count, there: count, doubles: [], isUsed: false };
  }
  const question = talk.ask(queue, false);
  await delay(ANSWER_MS);
  question.forget();
  const held = [...question.answers.values()].flatMap((answer) => answer.held);
  const now = await counts(connection, queue);
  const doubles = [...new Set(held.filter((number, i) => held.indexOf(number) !== i))];
  return now && { queue, count, there: now.ready + held.length, doubles, isUsed: now.consumers > 0 };
}

async function counts(connection: Connection, queue: string) {
  const channel = await connection.channel();
  try {
    const { messageCount: ready, consumerCount: consumers } = await channel.checkQueue(queue);
    await channel.close();
    return { ready, consumers };
  } catch (error) {
    if (replyCode(error) === undefined) throw error;
    return undefined; // it has gone, or this user may not see it, which the permissions say
  }
}
