import { afterAll } from 'vitest';
import { endLeftRunning } from './fairq.js';

// Runs around every test file: what it leaves behind would load the machine, and the broker, of the next.
afterAll(async () => {
  const left = await endLeftRunning();
  if (left.length > 0) throw new Error(`left running by these tests, and ended now:\n${left.join('\n')}`);
});
