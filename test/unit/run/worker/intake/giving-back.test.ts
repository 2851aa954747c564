import { describe, expect, it } from 'vitest';
import { capped } from '../../../../support/test-gate.js';
import { answered, TestIntake } from '../../../../support/test-intake.js';

const anybody = () => true;

describe('giving back', () => {
  it('leaves the youngest tasks of who has most to others, and does not consume their queues', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    intake.deliver(a!, 5);
    intake.deliver(b!, 1);
    expect(intake.givingBack.toOthers(3, anybody)).toBe(3);
    await answered();
    expect([a!.outstanding, b!.outstanding]).toEqual([3, 0]);
    expect(intake.wentBack).toEqual([5, 4, 6]);
    expect(intake.consumers.prefetch.size).toBe(0);
  });

  it('gives back nothing of a queue that nobody else takes', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    intake.deliver(a!, 5);
    intake.deliver(b!, 2);
    expect(intake.givingBack.toOthers(9, (name) => name === 'B')).toBe(2);
    await answered();
    expect(intake.consumers.consumes('A')).toBe(true);
    expect(a!.outstanding).toBe(5);
  });

  it('consumes again what was left to others, with a prefetch that is right now', async () => {
    const intake = new TestIntake();
    const [a] = await intake.take('A');
    intake.deliver(a!, 5);
    intake.givingBack.toOthers(2, anybody);
    await answered();
    intake.now = 80;
    intake.givingBack.takeUpAgain();
    intake.givingBack.takeUpAgain();
    await answered();
    expect(a!).toMatchObject({ yielded: false, consumedSince: 80 });
    expect(intake.consumers.prefetch.get('A')).toBe(10);
    expect(intake.consumers.subscribed).toEqual(['A', 'A']);
  });

  it('does not consume again what is gone meanwhile, or when everything goes back', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    intake.deliver(a!, 2);
    intake.deliver(b!, 2);
    intake.givingBack.toOthers(4, anybody);
    await answered();
    intake.served.drop(a!);
    await intake.givingBack.all();
    intake.givingBack.takeUpAgain();
    await answered();
    expect(intake.consumers.prefetch.size).toBe(0);
  });

  it('gives back everything that has not started', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    intake.deliver(a!, 3);
    intake.deliver(b!, 3);
    intake.start(2);
    expect(await intake.givingBack.all()).toBe(4);
    expect(a!.outstanding + b!.outstanding).toBe(2);
    expect(intake.scheduler.prefetched).toBe(0);
  });

  it('gives back what has been here for ten minutes, with all of its queue', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    intake.deliver(a!, 2);
    intake.now = 5 * 60_000;
    intake.deliver(a!);
    intake.deliver(b!);
    intake.now = 10 * 60_000;
    intake.givingBack.old();
    expect([a!.outstanding, b!.outstanding]).toEqual([0, 1]);
  });

  it('leaves nothing to others that may not start anywhere', async () => {
    const intake = new TestIntake();
    const [a, b] = await intake.take('A', 'B');
    capped(intake.scheduler, 'A', 0);
    intake.deliver(a!, 5);
    intake.deliver(b!, 3);
    intake.start(1);
    expect(a!.lane.blocked).toBe(true);
    expect(intake.givingBack.toOthers(9, anybody)).toBe(2);
    await answered();
    expect([a!.outstanding, b!.outstanding]).toEqual([5, 1]);
  });
});
