import { aroundAll } from 'vitest';
import { endLeftRunning } from './fairq.js';

// A test process whose vitest was killed would wait for its tests, and all that they have started with it. It runs
// several files, and this for each.
if (!process.listeners('disconnect').some(({ name }) => name === exitAlone.name)) {
  process.once('disconnect', exitAlone);
}

// Runs around every test file: what it leaves behind would load the machine, and the broker, of the next. A file whose
// own clean-up fails is looked at too, or the next one in this process would be blamed.
aroundAll(async (runFile) => {
  await runFile();
  const left = await endLeftRunning();
  if (left.length > 0) throw new Error(`left running by these tests, and ended now:\n${left.join('\n')}`);
});

function exitAlone(): void {
  process.exit(1);
}
