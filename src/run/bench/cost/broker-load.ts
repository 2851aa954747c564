import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Management } from '../../../broker/management/management.js';

const SETTLE_EVERY_MS = 500;
/** Memory has settled when it has not gone down any more for so many looks. */
const QUIET_LOOKS = 4;
const MOST_LOOKS = 30;
const CPU_OVER_MS = 4_000;
/** Of one processor. */
const AT_REST = 0.5;
const REST_LOOK_MS = 1_000;
const REST_WITHIN_MS = 90_000;
/** Linux counts processor time in these, a second. */
const TICKS = 100;

/**
 * What the Erlang machines of all nodes have in use, when what was left over is collected.
 *
 * @returns bytes; null where the broker has answered no look
 */
export async function settledMemory(
  management: Pick<Management, 'memoryInUse'>,
  everyMs = SETTLE_EVERY_MS,
): Promise<number | null> {
  let least = Number.POSITIVE_INFINITY;
  let quiet = 0;
  for (let looks = 0; looks < MOST_LOOKS && quiet < QUIET_LOOKS; looks++) {
    await delay(everyMs);
    const now = await management.memoryInUse();
    if (now === null) continue; // a busy node does not always say
    quiet = now < least * 0.995 ? 0 : quiet + 1;
    least = Math.min(least, now);
  }
  return Number.isFinite(least) ? least : null;
}

/** What was made has settled: thousands of quorum queues keep a small machine busy for a while. */
export async function untilAtRest(management: Management): Promise<void> {
  const until = performance.now() + REST_WITHIN_MS;
  while (performance.now() < until) {
    const load = await cpuAtRest(management, REST_LOOK_MS);
    if (load === null || load < AT_REST) return;
  }
}

/** Processor time that the nodes take, as a part of one processor; null where they are not on this machine. */
export async function cpuAtRest(management: Management, overMs = CPU_OVER_MS): Promise<number | null> {
  const pids = await management.processIds();
  const before = await ticks(pids);
  if (before === null) return null;
  const from = performance.now();
  await delay(overMs);
  const after = await ticks(pids);
  if (after === null) return null;
  return (after - before) / TICKS / ((performance.now() - from) / 1000);
}

async function ticks(pids: readonly number[]): Promise<number | null> {
  let sum = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // "pid (name) state …": the name may hold anything, so what follows its last bracket counts.
    const end = stat.lastIndexOf(')');
    if (!stat.slice(0, end).includes('beam')) return null;
    const fields = stat.slice(end + 2).split(' ');
    sum += Number(fields[11]) + Number(fields[12]);
  }
  return pids.length === 0 ? null : sum;
}
