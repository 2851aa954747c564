import type { DeadLetter } from './dead-letter.js';

export const GROUP_FIELDS = ['user', 'reason', 'run', 'task'] as const;
export type GroupField = (typeof GROUP_FIELDS)[number];

interface Letter extends Pick<DeadLetter, 'user' | 'run' | 'reason' | 'lastEndAt'> {
  readonly id: string;
  /** The name of the task. */
  readonly type: string;
}

/** Dead letters that have the same in some fields. Times are microseconds since the epoch; null where no letter says one. */
export interface DeadLetterGroup {
  /** By field; of a reason its first line, and null where the letters do not say it. */
  readonly of: Readonly<Partial<Record<GroupField, string | null>>>;
  readonly letters: number;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** The newest, to look at one of them. */
  readonly id: string;
}

/** The largest first. */
export function groupDeadLetters(
  letters: readonly Letter[],
  by: readonly GroupField[],
): readonly DeadLetterGroup[] {
  const groups = new Map<string, Letter[]>();
  for (const letter of letters) {
    const key = JSON.stringify(by.map((field) => fieldOf(letter, field)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [letter]);
    else group.push(letter);
  }
  return [...groups.values()]
    .map((group): DeadLetterGroup => {
      const [newest] = newestFirst(group);
      const times = group.flatMap(({ lastEndAt }) => lastEndAt ?? []);
      return {
        of: Object.fromEntries(by.map((field) => [field, fieldOf(newest!, field)])),
        letters: group.length,
        oldestAt: times.reduce<number | null>((least, at) => Math.min(least ?? at, at), null),
        newestAt: newest!.lastEndAt ?? null,
        id: newest!.id,
      };
    })
    .sort((a, b) => b.letters - a.letters || (b.newestAt ?? 0) - (a.newestAt ?? 0));
}

/** By when their last attempt ended; those that do not say it come last. */
export function newestFirst<L extends Pick<DeadLetter, 'lastEndAt'>>(letters: readonly L[]): L[] {
  return letters.toSorted((a, b) => (b.lastEndAt ?? 0) - (a.lastEndAt ?? 0));
}

function fieldOf(letter: Letter, field: GroupField): string | null {
  switch (field) {
    case 'user':
      return letter.user ?? null;
    case 'run':
      return letter.run ?? null;
    case 'task':
      return letter.type;
    case 'reason':
      return letter.reason?.split('\n', 1)[0] ?? null;
  }
}
