import { describe, expect, it } from 'vitest';
import { checkedQueuePrefix, queueUnder } from '../../../../src/commands/flags/queue-prefix.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const names = namesFor('fairq');

describe('--queue-prefix', () => {
  it('is taken as it is', () => {
    expect(checkedQueuePrefix('usersequence_', names)).toBe('usersequence_');
    expect(queueUnder('usersequence_', 'A')).toBe('usersequence_A');
  });

  it('is refused by its name where it is not the start of a name', () => {
    expect(() => checkedQueuePrefix('a*', names)).toThrow(
      '--queue-prefix "a*" cannot be the start of a name',
    );
    expect(() => checkedQueuePrefix('fairq', names)).toThrow(
      'queues named "fairq…" are not an application\'s',
    );
  });

  it('may be what makes the name of a queue too long', () => {
    expect(() => queueUnder('x'.repeat(250), 'abcdef')).toThrow(
      expect.objectContaining({ code: 'USER_TOO_LONG', hint: 'Use a shorter user or --queue-prefix.' }),
    );
  });
});
