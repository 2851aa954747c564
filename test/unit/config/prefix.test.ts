import { describe, expect, it } from 'vitest';
import { namesUnder } from '../../../src/config/prefix.js';

describe('--prefix', () => {
  it('is what every name on the broker starts with', () => {
    expect(namesUnder('jobs').eventStream).toBe('jobs.events');
  });

  it.each([
    ['a b', 'BAD_PREFIX', 'Use 1 to 60 letters, digits, and . _ : - in --prefix.'],
    ['jobs.user.x', 'PREFIX_COLLIDES', 'Choose another --prefix, such as "jobs-user-x".'],
  ])('is refused as "%s", with what to do instead', (prefix, code, hint) => {
    expect(() => namesUnder(prefix)).toThrow(expect.objectContaining({ code, hint }));
  });
});
