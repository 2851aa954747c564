import type { Connection } from '../../broker/connection/connection.js';
import { keepsBackWhatIsLost } from '../../broker/policy/grant-kind.js';
import { holds, Policy } from '../../core/policy/policy.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import { type GrantQueueName, grantQueue, type Names } from '../../core/queues/names.js';
import { counted, type Finding, ok, some, warning } from '../../core/reports/finding.js';
import { grantsSet, unneededGrants } from '../policy/unneeded-grants.js';
import { type GrantsExpected, type GrantsSeen, wrongGrants } from './grant-facts.js';

/** Each is asked for. */
const MOST_LOOKED_AT = 500;
const MOST_NAMED = 5;
const MEND = 'Workers count them when they miss one. To have it done now: fairq doctor --repair.';

/** What is there of permits and tokens. */
export interface GrantsFound {
  readonly wrong: readonly (GrantsSeen & Pick<GrantQueueName, 'kind'>)[];
  /** No cap or rate is set for these any more. */
  readonly unneeded: readonly GrantQueueName[];
  /** More were not looked at. */
  readonly notLookedAt: number;
}

/** @param queues names of those that are there. @param nowMs milliseconds since the epoch */
export async function findGrants(
  connection: Connection,
  names: Names,
  document: PolicyDocument,
  queues: readonly string[],
  nowMs: number,
): Promise<GrantsFound> {
  const policy = new Policy(document);
  const all = queues.flatMap((queue) => grantQueue(names, queue) ?? []);
  const expected = all.flatMap((one): (GrantsExpected & GrantQueueName)[] => {
    const count = grantsSet(policy, one, nowMs);
    return count === undefined ? [] : [{ ...one, count }];
  });
  const looked = expected.slice(0, MOST_LOOKED_AT);
  const kinds = new Map(looked.map(({ queue, kind }) => [queue, kind]));
  const wrong = looked.length === 0 ? [] : await wrongGrants(connection, names, looked);
  return {
    wrong: wrong
      .map((seen) => ({ ...seen, kind: kinds.get(seen.queue)! }))
      .sort((a, b) => (a.queue < b.queue ? -1 : 1)),
    unneeded: unneededGrants(policy, names, queues, nowMs),
    notLookedAt: expected.length - looked.length,
  };
}

/** @param nowMs milliseconds since the epoch */
export function grants(
  found: GrantsFound,
  document: PolicyDocument,
  version: string,
  nowMs: number,
): Finding[] {
  const isSet = (limit: 'cap' | 'rate') => document.rules.some(({ limits }) => holds(limits[limit], nowMs));
  const note = keepsBackWhatIsLost(version)
    ? ''
    : '; a task of a capped user has to end within the consumer_timeout of the broker, 30 min unless it was set, which cannot be seen from here';
  return [
    isSet('cap')
      ? counts('permits', found, `every cap has its permits${note}`)
      : ok('permits', 'no cap is set'),
    isSet('rate') ? counts('tokens', found, 'every rate has its tokens') : ok('tokens', 'no rate is set'),
    leftOver(found),
  ];
}

function counts(kind: GrantQueueName['kind'], { wrong, notLookedAt }: GrantsFound, good: string): Finding {
  const texts = wrong.filter((seen) => seen.kind === kind).map(textOf);
  if (texts.length > 0) {
    const more = texts.length > MOST_NAMED ? `; and ${texts.length - MOST_NAMED} more` : '';
    return warning(kind, `${texts.slice(0, MOST_NAMED).join('; ')}${more}`, MEND);
  }
  const rest = notLookedAt > 0 ? `; ${counted(notLookedAt, 'queue')} not looked at` : '';
  return ok(kind, `${good}${rest}`);
}

function textOf({ queue, count, there, doubles, isUsed }: GrantsSeen): string {
  if (doubles.length > 0) return `"${queue}": two workers hold the same number: ${doubles.join(', ')}`;
  const perhaps = there < count && isUsed ? '; a worker that does not answer may hold the others' : '';
  return `"${queue}" has ${there} of ${count}${perhaps}`;
}

function leftOver({ unneeded }: GrantsFound): Finding {
  const check = 'left over';
  if (unneeded.length === 0) return ok(check, 'no queue of a cap or a rate that is not set any more');
  return warning(
    check,
    `${counted(unneeded.length, 'queue')} of caps or rates that are not set any more: ${some(unneeded.map(({ queue }) => queue))}`,
    'A worker may still hold something of it, or has ended before it could delete it. To delete what nobody holds: fairq doctor --repair.',
  );
}
