import { describe, expect, it } from 'vitest';
import { brokersWords, explainRefusal } from '../../../../src/broker/connection/refusal.js';

/** As amqplib gives it. */
function refusal(code: number, words: string): Error {
  const said = `${code} (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - ${words}"`;
  return Object.assign(new Error(`Operation failed: QueueDeclare; ${said}`), { code });
}

describe('a refusal of the broker', () => {
  it.each([
    [
      "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'classic' but current is 'quorum'",
      'OTHER_ARGUMENTS',
      'exists already and is of another kind',
    ],
    [
      "cannot declare queue 'q': queue limit in vhost 'v' (4) is reached",
      'LIMIT_REACHED',
      'set_vhost_limits',
    ],
    [
      "cannot declare queue 'q': queue limit in cluster (4) is reached",
      'LIMIT_REACHED',
      'cluster_queue_limit',
    ],
    [
      "invalid arg 'x-max-priority' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue",
      'BROKER_REFUSED',
      'invalid arg',
    ],
  ])('is told by what it is: %s', (words, code, text) => {
    const error = explainRefusal(refusal(406, words), 'the queue "q"');
    expect(error).toMatchObject({ kind: 'refused', code });
    expect(error.message).toContain(words);
    expect(`${error.message} ${'hint' in error ? error.hint : ''}`).toContain(text);
  });

  it('is quoted without what is said around it', () => {
    expect(brokersWords(refusal(406, 'no'))).toBe('no');
    expect(brokersWords(new Error('something else'))).toBe('something else');
  });
});
