import { beforeEach, describe, expect, it } from 'vitest';
import { OpenedParts } from '../../../../src/run/worker/opened-parts.js';

let closed: string[];
let parts: OpenedParts;

beforeEach(() => {
  closed = [];
  parts = new OpenedParts();
});

/** A part that takes a while to close. */
function open(name: string): void {
  parts.add(async () => {
    closed.push(name);
    await Promise.resolve();
    closed.push(`${name} is closed`);
  });
}

describe('parts that were opened', () => {
  it('are closed together, the last first', async () => {
    open('first');
    open('second');
    await parts.close();
    expect(closed).toEqual(['second', 'first', 'second is closed', 'first is closed']);
  });

  it('are closed once', async () => {
    open('first');
    await Promise.all([parts.close(), parts.close()]);
    expect(closed).toEqual(['first', 'first is closed']);
  });

  it('are closed at once when they come too late, and nothing more is opened', async () => {
    await parts.close();
    expect(() => open('late')).toThrow('closed before it was open');
    await parts.close();
    expect(closed).toEqual(['late', 'late is closed']);
  });
});
