import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Interrupts } from '../../../src/commands/shared/interrupt.js';
import type { Io } from '../../../src/process/io.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function interruptsWithSignal() {
  let signal = () => {};
  const io = {
    onStopSignal: (listener: () => void) => {
      signal = listener;
    },
    onParentGone: () => {},
  };
  const interrupts = new Interrupts(io as unknown as Io, () => {});
  return { interrupts, signal: () => signal() };
}

/** What is loaded when the test says so. */
function slowly() {
  let loaded = () => {};
  const loading = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  return { loading, loaded: () => loaded() };
}

const JUST_BEGUN = expect.objectContaining({
  kind: 'interrupted',
  message: expect.stringContaining('just begun'),
});

it('a signal that comes while a command is loaded is answered by the command', async () => {
  const { interrupts, signal } = interruptsWithSignal();
  const { loading, loaded } = slowly();
  const ended = interrupts.begin(
    loading,
    () =>
      new Promise<string>((resolve) => {
        interrupts.on({ stop: () => resolve('ended well'), state: () => '' });
      }),
  );
  signal();
  loaded();
  expect(await Promise.race([ended, interrupts.cutOff])).toBe('ended well');
});

it('a command that stops and never ends is cut off though the signal came while it was loaded', async () => {
  const { interrupts, signal } = interruptsWithSignal();
  const { loading, loaded } = slowly();
  const begun = interrupts.begin(loading, () => {
    interrupts.on({ stop: () => {}, state: () => 'nothing was changed' });
    return new Promise<never>(() => {});
  });
  signal();
  loaded();
  const end = expect(Promise.race([begun, interrupts.cutOff])).rejects.toThrow('nothing was changed');
  await vi.advanceTimersByTimeAsync(60_000);
  await end;
});

it('a command that says nothing of signals is cut off when it has been loaded', async () => {
  const { interrupts, signal } = interruptsWithSignal();
  const { loading, loaded } = slowly();
  const ended = interrupts.begin(loading, () => new Promise<never>(() => {}));
  signal();
  loaded();
  await expect(Promise.race([ended, interrupts.cutOff])).rejects.toEqual(JUST_BEGUN);
});

it('a second signal cuts a command off that is still loaded', async () => {
  const { interrupts, signal } = interruptsWithSignal();
  const ended = interrupts.begin(new Promise<never>(() => {}), () => new Promise<never>(() => {}));
  signal();
  signal();
  await expect(Promise.race([ended, interrupts.cutOff])).rejects.toEqual(JUST_BEGUN);
});
