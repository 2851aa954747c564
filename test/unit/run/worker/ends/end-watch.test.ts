import { describe, expect, it } from 'vitest';
import { EndWatch } from '../../../../../src/run/worker/ends/end-watch.js';

describe('a worker that waits for its end', () => {
  it('asks until there is nothing left to do', async () => {
    let left = 3;
    expect(await new EndWatch({ isOver: async () => --left === 0 }).over()).toBe(true);
    expect(left).toBe(0);
  });

  it('waits no longer when it is closed', async () => {
    const watch: EndWatch = new EndWatch({
      isOver: async () => {
        watch.close();
        return false;
      },
    });
    expect(await watch.over()).toBe(false);
  });

  it('fails where nobody can tell', async () => {
    const watch = new EndWatch({ isOver: () => Promise.reject(new Error('refused')) });
    await expect(watch.over()).rejects.toThrow('refused');
  });

  it('does not care for a question that was under way when it was closed', async () => {
    const watch: EndWatch = new EndWatch({
      isOver: () => {
        watch.close();
        return Promise.reject(new Error('the connection has been closed'));
      },
    });
    expect(await watch.over()).toBe(false);
  });
});
