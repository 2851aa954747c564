// A handler for tests that have something to do while a task runs: it ends when the test opens the gate.
import { watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Ends when the file that the task names is there. */
export async function gated({ gate }) {
  const watcher = watch(dirname(gate));
  const changed = () => new Promise((resolve) => watcher.once('change', resolve));
  try {
    for (let next = changed(); !(await isThere(gate)); next = changed()) await next;
  } finally {
    watcher.close();
  }
}

async function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
