import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  type Draft,
  draftOf,
  draftOver,
  draftSince,
  type Edited,
  endOf,
  isSameRule,
} from '../../../src/page/parts/policy/draft.js';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const UNTIL = '2026-12-01T06:00:00.123Z';
const RULE = {
  weight: 2,
  cap: { value: 5, 'when-busy': true, until: UNTIL, reason: 'floods' },
  rate: { value: '100/s', burst: 10 },
  paused: { value: true, reason: 'on purpose' },
};

function typed(draft: Draft, limit: Edited, change: Partial<Draft[Edited]>): Draft {
  return { ...draft, [limit]: { ...draft[limit], ...change } };
}

describe('two rules', () => {
  it('are the same in whichever order and form they say it', () => {
    expect(isSameRule({ weight: 2, cap: { value: 3 } }, { cap: 3, weight: { value: 2 } })).toBe(true);
    expect(isSameRule({ ...RULE, rate: '1/s' }, RULE)).toBe(false);
    expect(isSameRule(null, {})).toBe(true);
    expect(isSameRule(null, { weight: 1 })).toBe(false);
    expect(isSameRule({ cap: 2 }, { weight: 2 })).toBe(false);
  });

  it('are two where the end, the reason or more of a setting differs', () => {
    const cap = { value: 2, until: UNTIL };
    expect(isSameRule({ cap }, { cap: { ...cap } })).toBe(true);
    for (const change of [{ until: '2026-12-01T07:00:00.000Z' }, { reason: 'why' }, { 'when-busy': true }])
      expect(isSameRule({ cap }, { cap: { ...cap, ...change } })).toBe(false);
  });
});

describe('what is typed for a rule', () => {
  it('leaves the rule as it is where nothing was typed', () => {
    expect(bodyOf(draftOf(RULE), RULE, NOW)).toEqual(RULE);
    expect(bodyOf(draftOf(null), null, NOW)).toEqual({});
  });

  it('changes what was typed, and leaves the rest, a pause and an end too', () => {
    const draft = typed(typed(draftOf(RULE), 'cap', { value: ' 7 ' }), 'backlog', {
      value: '900',
      end: '2h',
    });
    expect(bodyOf(draft, RULE, NOW)).toEqual({
      ...RULE,
      cap: { ...RULE.cap, value: 7 },
      backlog: { value: 900, until: '2026-11-27T14:00:00.000Z' },
    });
  });

  it('takes away what was emptied', () => {
    const { weight: _, ...rest } = RULE;
    expect(bodyOf(typed(draftOf(RULE), 'weight', { value: ' ' }), RULE, NOW)).toEqual(rest);
  });

  it('sends what is no number as it was typed', () => {
    const draft = typed(typed(draftOf(null), 'cap', { value: 'many' }), 'rate', { value: '5/h', burst: 'x' });
    expect(bodyOf(draft, null, NOW)).toEqual({ cap: { value: 'many' }, rate: { value: '5/h', burst: 'x' } });
  });

  it('stays where it was typed while the rest was on its way to the server', () => {
    const sent = typed(draftOf(null), 'weight', { value: '3' });
    const since = draftSince(typed(sent, 'cap', { value: '2' }), sent, { weight: 3 });
    expect([since.weight, since.cap]).toMatchObject([draftOf({ weight: 3 }).weight, { value: '2' }]);
    expect(draftSince(sent, sent, { weight: 3 })).toEqual(draftOf({ weight: 3 }));
  });

  it('stays over what somebody else has set, and takes all else from them', () => {
    const mine = typed(typed(draftOf(RULE), 'cap', { value: '9' }), 'weight', { reason: 'mine' });
    const theirs = { cap: 1, rate: '1/s', backlog: 3 };
    const over = draftOver(mine, RULE, theirs);
    expect(bodyOf(over, theirs, NOW)).toEqual({
      weight: { value: 2, reason: 'mine' },
      // The end that it had is gone with their rule.
      cap: { value: 9, 'when-busy': true, reason: 'floods' },
      rate: '1/s',
      backlog: 3,
    });
  });

  it.each([
    ['none', '', undefined],
    ['same', '', UNTIL],
    ['30m', '', '2026-11-27T12:30:00.000Z'],
    ['moment', '2026-11-28T10:00', new Date('2026-11-28T10:00').toISOString()],
    ['moment', '', ''],
  ])('ends by the choice %s %s', (choice, moment, expected) => {
    expect(endOf(choice, moment, UNTIL, NOW)).toBe(expected);
  });
});
