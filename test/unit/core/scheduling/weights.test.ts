import { describe, expect, it } from 'vitest';
import { mergedRules, parseWeight, weightRule } from '../../../../src/commands/flags/weight-rules.js';
import { describeRule, Weights } from '../../../../src/core/scheduling/weights.js';

const weightsOf = (...rules: string[]) => new Weights(rules.map(parseWeight));

describe('weights', () => {
  it('are 1 for a user that nobody named', () => {
    expect(weightsOf('A=3').find('B')).toEqual({ weight: 1, rule: undefined, passedOver: [] });
  });

  it('go by name and by glob', () => {
    const weights = weightsOf('A=3', 'team-*=2.5', 'user-?=0.5');
    expect(['A', 'team-', 'team-red', 'user-1', 'user-12'].map((user) => weights.find(user).weight)).toEqual([
      3, 2.5, 2.5, 0.5, 1,
    ]);
  });

  it('of the most exact rule count, whatever the order, and the others are named', () => {
    for (const rules of [
      ['*=9', 'team-*=4', 'team-red=7', 'team-r*=5'],
      ['team-red=7', 'team-r*=5', '*=9', 'team-*=4'],
    ]) {
      const { weight, rule, passedOver } = weightsOf(...rules).find('team-red');
      expect(weight).toBe(7);
      expect(describeRule(rule!)).toBe('team-red=7');
      expect(passedOver.map(describeRule)).toEqual(['team-r*=5', 'team-*=4', '*=9']);
    }
    expect(weightsOf('team-*=4', '*-red-longest*=5').find('team-red').weight).toBe(4);
  });

  it('say which rules have matched nobody', () => {
    const weights = weightsOf('A=3', 'team-*=2', '*=5');
    weights.find('A');
    expect(weights.unused.map(describeRule)).toEqual(['team-*=2']);
    weights.find('team-red');
    expect(weights.unused).toEqual([]);
  });

  it('may stand at a name with an equals sign', () => {
    expect(weightsOf('a=b=3').find('a=b').weight).toBe(3);
  });

  it.each(['A=0', 'A=-1', 'A=x', 'A=', 'A= ', 'A', '=3', '', 'A=Infinity', 'A=1e9', 'A=1e-9', 'A=NaN'])(
    '"%s" is refused with what to write instead',
    (text) => {
      expect(() => parseWeight(text)).toThrow(
        expect.objectContaining({ kind: 'usage', code: 'BAD_WEIGHT', hint: expect.stringMatching(/./) }),
      );
    },
  );

  it('on the command line take the place of the same ones in a file', () => {
    const file = [weightRule('A', 2, 'file'), weightRule('B', 4, 'file')];
    const merged = new Weights(mergedRules(file, [parseWeight('A=9')]));
    expect([merged.find('A').weight, merged.find('B').weight]).toEqual([9, 4]);
    expect(merged.find('A').passedOver).toEqual([]);
  });

  it('of one name given twice are refused unless they are the same', () => {
    const twice = (...texts: string[]) => mergedRules([], texts.map(parseWeight));
    expect(() => twice('A=2', 'A=3')).toThrow(/"A" has two weights, 2 and 3/);
    expect(twice('A=2', 'A=2')).toHaveLength(1);
  });
});
