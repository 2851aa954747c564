import { describe, expect, it } from 'vitest';
import { Pause } from '../../../src/commands/shared/pause.js';

describe('a pause between rounds', () => {
  it('is over when it is ended', async () => {
    const pause = new Pause();
    const [answer, waited] = [pause.orEnd(new Promise(() => {})), pause.wait(3_600_000)];
    pause.end();
    expect(await answer).toBeUndefined();
    expect(await waited).toBeUndefined();
    expect(pause.ended).toBe(true);
    expect(await pause.orEnd(Promise.resolve('late'))).toBeUndefined();
  });

  it('gives the answer that comes before, and the failure', async () => {
    const pause = new Pause();
    expect(await pause.orEnd(Promise.resolve('answer'))).toBe('answer');
    await expect(pause.orEnd(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('keeps nothing of rounds that are over', async () => {
    const warned: string[] = [];
    const onWarning = ({ name }: Error) => warned.push(name);
    process.on('warning', onWarning);
    const pause = new Pause();
    for (let round = 0; round < 50; round++) {
      await pause.orEnd(Promise.resolve(round));
      await pause.wait(0);
    }
    // Node gives a warning out at the next tick.
    await pause.wait(0);
    process.off('warning', onWarning);
    expect(warned).toEqual([]);
  });
});
