import { describe, expect, it } from 'vitest';
import { FairTurns } from '../../../../src/serve/http/fair-turns.js';

/** Lets what is ready go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('turns of users', () => {
  it('are one at a time for each, so that a crowd of one holds up nobody else', async () => {
    const turns = new FairTurns(2, 10);
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const run = async (user: string, name: string) => {
      const end = await turns.take(user);
      begun.push(name);
      ends.push(end!);
    };
    for (let i = 1; i <= 4; i++) void run('A', `A${i}`);
    await settle();
    void run('B', 'B1');
    await settle();
    expect(begun).toEqual(['A1', 'B1']);
    void run('C', 'C1');
    await settle();
    ends.shift()!(); // A1 ends: A2 came before C1
    await settle();
    expect(begun).toEqual(['A1', 'B1', 'A2']);
    ends.shift()!(); // B1 ends: A runs already
    await settle();
    expect(begun).toEqual(['A1', 'B1', 'A2', 'C1']);
    for (let i = 0; i < 4; i++) {
      ends.shift()?.();
      await settle();
    }
    expect(begun).toEqual(['A1', 'B1', 'A2', 'C1', 'A3', 'A4']);
  });

  it('are not waited for by more than some of one user', async () => {
    const turns = new FairTurns(1, 1);
    const end = await turns.take('A');
    const second = turns.take('A');
    expect(await turns.take('A')).toBeUndefined();
    const other = turns.take('B');
    end!();
    (await second)!();
    (await other)!();
    expect(await turns.take('A')).toBeTypeOf('function');
  });
});
