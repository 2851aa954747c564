import { describe, expect, it } from 'vitest';
import { IdleWait } from '../../../../../src/run/worker/ends/idle-wait.js';

describe('a worker that waits for its end', () => {
  it('asks until there is nothing left to do', async () => {
    let left = 3;
    expect(await new IdleWait({ isOver: async () => --left === 0 }).over()).toBe(true);
    expect(left).toBe(0);
  });

  it('waits no longer when it is closed', async () => {
    const wait: IdleWait = new IdleWait({
      isOver: async () => {
        wait.close();
        return false;
      },
    });
    expect(await wait.over()).toBe(false);
  });

  it('fails where nobody can tell', async () => {
    const wait = new IdleWait({ isOver: () => Promise.reject(new Error('refused')) });
    await expect(wait.over()).rejects.toThrow('refused');
  });

  it('does not care for a question that was under way when it was closed', async () => {
    const wait: IdleWait = new IdleWait({
      isOver: () => {
        wait.close();
        return Promise.reject(new Error('the connection has been closed'));
      },
    });
    expect(await wait.over()).toBe(false);
  });
});
