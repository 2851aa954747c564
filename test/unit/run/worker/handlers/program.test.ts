import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program } from '../../../../../src/run/worker/handlers/program.js';
import type { ProgramGuard } from '../../../../../src/run/worker/handlers/program-guard.js';
import { useFolder } from '../../../../support/folder.js';

const folder = useFolder();

/** Long enough for a shell to begin; a command that waits for its guard begins after no time at all. */
const BUSY_MS = 300;

it('a program begins when the guard knows of it, and not before', async () => {
  const begun = folder.file('begun');
  let hadBegun: boolean | undefined;
  const guard = {
    watch: (_group: number, then: () => void) => {
      const until = performance.now() + BUSY_MS;
      while (performance.now() < until); // a worker that comes to nothing for want of processor time
      hadBegun = existsSync(begun);
      then();
    },
    forget: () => {},
  } as unknown as ProgramGuard;
  const program = await Program.start({
    command: `echo > ${begun}; cat`,
    env: process.env,
    input: Buffer.from('payload'),
    stdoutBytes: 100,
    stderrBytes: 100,
    killAfterMs: 1_000,
    guard,
  });
  const end = await program.end(new AbortController().signal);
  expect(hadBegun).toBe(false);
  expect(existsSync(begun)).toBe(true);
  expect({ code: end.code, stdout: end.stdout.toString() }).toEqual({ code: 0, stdout: 'payload' });
});
