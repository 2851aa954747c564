import type { ChildProcess } from 'node:child_process';
import { ProgramGuard } from '../../src/run/worker/handlers/program-guard.js';

let guard: ProgramGuard | undefined;

/** From now on the process group is killed when this test process has gone, however it went. */
export function groupEndsWithTests(group: number): ProgramGuard {
  guard ??= new ProgramGuard(process.env.PATH, (reason) => {
    throw new Error(`what ends the children of tests has ended: ${reason}`);
  });
  guard.watch(group, () => {});
  return guard;
}

/** @param child the leader of a process group of its own (`detached`) */
export function endsWithTests<Child extends ChildProcess>(child: Child): Child {
  const { pid } = child;
  if (pid === undefined) return child;
  const watching = groupEndsWithTests(pid);
  child.once('exit', () => watching.forget(pid));
  return child;
}
