import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAddressed, nodeName } from '../../../../src/core/celery/node-name.js';
import { matchesExpression } from '../../../../src/run/celery/worker/pattern-matching.js';

const NOBODY = { destination: undefined, pattern: undefined, matcher: undefined };

describe("the name of a worker among Celery's", () => {
  it('is name@host', () => {
    expect(nodeName('vm-17', 'vm')).toBe('fairq-vm-17@vm');
  });

  it('fits into a queue name and into a line, whatever the worker is called', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 1_000 }),
        fc.string({ maxLength: 300 }),
        (worker, host) => {
          const name = nodeName(`${worker}\n, @${worker}`, host);
          expect(Buffer.byteLength(`${name}.celery.pidbox`)).toBeLessThan(256);
          expect(name).toMatch(/^fairq-[^\s,@]*@[^\s,@]*$/);
        },
      ),
    );
  });
});

describe('a command', () => {
  const node = 'fairq-vm-17@vm';

  it('is for those that it names, before any pattern', () => {
    const named = (destination: string[]) =>
      isAddressed(node, { destination, pattern: 'x', matcher: 'glob' }, matchesExpression);
    expect(named([node, 'other@vm'])).toBe(true);
    expect(named(['other@vm'])).toBe(false);
    expect(isAddressed(node, NOBODY, matchesExpression)).toBe(true);
  });

  it.each([
    ['glob', 'fairq-*', true],
    ['glob', 'fairq-*@vn', false],
    ['glob', '*-17@??', true],
    ['glob', '*-1[0-9]@vm', true],
    ['glob', '*-1[!0-6]@vm', true],
    ['glob', '*-1[!0-9]@vm', false],
    ['glob', 'fairq.vm.17@vm', false],
    ['glob', '[', false],
    ['glob', `${'*a'.repeat(200)}*`, false],
    ['pcre', 'fairq', true],
    ['pcre', 'airq', false],
    ['pcre', 'x|fairq-.*@vm$', true],
    ['pcre', '(', false],
    ['pcre', '((f|.)+)+!', false],
    ['unheard-of', '*', false],
  ])('by a pattern of %s %s: %s', (matcher, pattern, isMeant) => {
    expect(isAddressed(node, { destination: undefined, pattern, matcher }, matchesExpression)).toBe(isMeant);
  });
});
