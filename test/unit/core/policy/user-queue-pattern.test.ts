import { describe, expect, it } from 'vitest';
import { alsoMatching, userQueuePattern } from '../../../../src/core/policy/backlog/user-queue-pattern.js';
import { namesFor, userQueueOf } from '../../../../src/core/queues/names.js';
import { glob } from '../../../../src/core/values/glob.js';
import { seededRandom } from '../../../../src/core/values/random.js';

const names = namesFor('a.b:c-d');
const PIECES = ['a', 'b', '.', '-', '/', '%', '2F', 'é', '√', '😀', ' ', '+', '(', '$', '^'];

/** As the broker does. JavaScript has no atomic groups; without them the same is found, in more time. */
function matches(pattern: string, queue: string): boolean {
  return new RegExp(pattern.replaceAll('(?>', '(?:')).test(queue);
}

describe('the pattern of a rule', () => {
  it('matches the queues of exactly those users that its name or glob means', () => {
    const random = seededRandom(7);
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
    const text = (from: readonly string[]) =>
      Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(from)).join('');
    let matched = 0;
    for (let i = 0; i < 5_000; i++) {
      const rule = text([...PIECES.slice(0, 8), '*', '*', '?']);
      const user = random() < 0.5 ? text(PIECES) : rule.replace(/[*?]/g, () => pick(PIECES));
      const isMeant = glob(rule).matches(user);
      if (isMeant) matched++;
      expect(matches(userQueuePattern(names, rule), userQueueOf(names, user)), `${rule} on ${user}`).toBe(
        isMeant,
      );
    }
    expect(matched).toBeGreaterThan(500);
  });

  it.each([
    ['A', 'a.b:c-d.user.A2'],
    ['A', 'xa.b:c-d.user.A'],
    ['A', 'a-b:c-d.user.A'],
    ['*', 'a.b:c-d.group.A'],
    ['*', 'a.b:c-d.user.A%2'],
    ['*2F', 'a.b:c-d.user.x%2F'],
    ['??', 'a.b:c-d.user.%C3%A9'],
  ])('%s does not match the queue %s', (rule, queue) => {
    expect(matches(userQueuePattern(names, rule), queue)).toBe(false);
  });
});

describe('the pattern for queues that another policy is for as well', () => {
  it.each([
    ['', true],
    ['.*', true],
    ['^a', true],
    ['user', true],
    ['acme%2Fx$', true],
    ['^user', false],
    ['nothing|acme', true],
    ['^nothing|also$', false],
    ['(a)\\.b:c-d\\.user\\.\\1cme', true],
  ])('goes by %j', (other, isMatched) => {
    const pattern = alsoMatching(userQueuePattern(names, 'acme/*'), other);
    expect(matches(pattern, 'a.b:c-d.user.acme%2Fx')).toBe(isMatched);
    expect(matches(pattern, 'a.b:c-d.user.other')).toBe(false);
  });
});
