import type { OnBroker } from '../../broker/on-broker.js';
import { FairqError, messageOf } from '../../core/errors/errors.js';
import { limitsSet, resumed, resumedText } from '../../core/policy/policy-edits.js';
import type { Names } from '../../core/queues/names.js';
import type { TopQuestion } from '../../core/top/top-view.js';
import { changePolicy } from '../../run/policy/change-policy.js';
import { changeDeps, epochMs } from '../policy/carry-out.js';
import type { Context } from '../shared/context.js';
import { ownName } from '../shared/own-name.js';

/** The workers are waited for so long. */
const AGREED_WITHIN_MS = 10_000;

/** Pauses or resumes a row of top, as the commands do. @returns what became of it, in a line */
export async function steerRow(
  { verb, ...rule }: TopQuestion,
  context: Context,
  broker: OnBroker,
  names: Names,
): Promise<string> {
  const by = ownName(context);
  const deps = changeDeps(context, broker, names);
  const at = epochMs(context);
  try {
    const { after, isChanged, agreement } = await changePolicy(
      deps,
      (before) =>
        verb === 'pause'
          ? limitsSet(before, rule, { paused: { value: true, by, at } }, at)
          : resumed(before, rule, at),
      { by, reason: undefined, seen: undefined, timeoutMs: AGREED_WITHIN_MS },
    );
    const { agreed, late } = agreement;
    const what = isChanged ? after.what : verb === 'resume' ? resumedText(rule) : 'it was so already';
    const workers =
      late.length === 0 ? 'all workers' : `${agreed.length} of ${agreed.length + late.length} workers`;
    return `${what} (revision ${after.revision}), at ${workers}`;
  } catch (error) {
    if (error instanceof FairqError) return messageOf(error);
    // Such as a connection that was lost in the middle of it: top itself goes on with the next one.
    const what = verb === 'pause' ? `the pause of ${rule.name}` : `the end of the pause of ${rule.name}`;
    return `${what} was cut off (${messageOf(error)}): ask again where it is not so yet`;
  }
}
