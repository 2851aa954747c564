import { expect, it } from 'vitest';
import { RefusedQueues } from '../../../../../src/run/worker/intake/refused-queues.js';

it('tries a refused queue again after pauses that grow to an hour, and names it once', () => {
  let now = 0;
  const said: string[] = [];
  const refused = new RefusedQueues({ now: () => now, epochMicros: () => now * 1_000 }, (text) =>
    said.push(text),
  );
  const minutes: number[] = [];
  for (let i = 0; i < 9; i++) {
    refused.add('q', { reason: 'no' });
    const since = now;
    while (!refused.mayTry('q')) now += 60_000;
    minutes.push((now - since) / 60_000);
  }
  refused.tell();
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(said).toHaveLength(1);
});

it('tries a queue that is down again soon, however long it is', () => {
  let now = 0;
  const refused = new RefusedQueues({ now: () => now, epochMicros: () => 0 }, () => {});
  for (let i = 0; i < 9; i++) {
    refused.add('q', { reason: 'down', isDown: true });
    expect(refused.mayTry('q')).toBe(false);
    now += 5_000;
    expect(refused.mayTry('q')).toBe(true);
  }
  refused.tell();
});

it('tries a refused queue at once when somebody speaks of it', () => {
  const refused = new RefusedQueues({ now: () => 0, epochMicros: () => 0 }, () => {});
  refused.add('q', { reason: 'no' });
  refused.tell();
  expect(refused.mayTry('q')).toBe(false);
  refused.tryNow('q');
  expect(refused.mayTry('q')).toBe(true);
});
