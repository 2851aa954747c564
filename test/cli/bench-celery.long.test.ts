import { chmodSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { hasCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();
const here = () => ({ ...env, TMPDIR: folder.file('.') });
const SEED = ['bench', 'seed', '--rounds', '1', '--count-b', '50', '--strategy'];

/** Processes that work in a folder of the bench. */
function celeryProcesses(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder.file('fairq-celery-'));
    } catch {
      return false; // it has gone
    }
  });
}

const leftovers = () => readdirSync(folder.file('.')).filter((name) => name.startsWith('fairq-celery-'));

describe('bench with Celery', () => {
  it.skipIf(!hasCelery)(
    'plays its own workers on the same load, counts every task, and leaves nothing',
    async () => {
      const { results } = await fairqJson<{ results: (RunReport & { strategy: string })[] }>(
        here(),
        ...SEED,
        'fifo,celery',
        ...['--count-a', '1000', '--concurrency', '2'],
      );
      expect(results.map(({ strategy }) => strategy)).toEqual(['fifo', 'celery']);
      expect(results[1]).toMatchObject({ completed: 1_050, published: 1_050, missing: 0, duplicates: 0 });
      expect(results[1]?.users.map(({ user, tasks }) => [user, tasks])).toEqual([
        ['A', 1_000],
        ['B', 50],
      ]);
      expect([celeryProcesses(), leftovers()]).toEqual([[], []]);
    },
  );

  it.skipIf(!hasCelery).each(['SIGINT', 'SIGKILL'] as const)(
    'ends Celery when it is ended by %s',
    async (signal) => {
      const bench = new RunningFairq([...SEED, 'celery', '--count-a', '20000'], here());
      await eventually(() => celeryProcesses().length > 5, { timeoutMs: 60_000, what: "Celery's processes" });
      bench.signal(signal);
      await bench.ended;
      await eventually(() => celeryProcesses().length === 0 && leftovers().length === 0, {
        timeoutMs: 60_000,
        what: 'their end',
      });
    },
  );

  it('ends a Celery that hangs, with what it started', async () => {
    const program = folder.file('hanging');
    writeFileSync(program, '#!/bin/sh\n[ "$1" = --version ] && echo 5.2.6 && exit\nsleep 600 & sleep 600\n');
    chmodSync(program, 0o755);
    const bench = new RunningFairq([...SEED, 'celery', '--count-a', '10'], {
      ...here(),
      FAIRQ_CELERY: program,
    });
    await eventually(() => celeryProcesses().length === 3, { timeoutMs: 60_000, what: 'the script' });
    bench.signal('SIGINT');
    expect((await bench.ended).code).toBe(130);
    expect([celeryProcesses(), leftovers()]).toEqual([[], []]);
  });

  it('says where to look when there is no Celery', async () => {
    const { code, stderr } = await fairq(env, ...SEED, 'celery', '--celery-command', '/bin/true -m celery');
    expect([code, stderr]).toEqual([64, expect.stringMatching(/does not run Celery[\s\S]+FAIRQ_CELERY/)]);
    expect((await fairq(env, ...SEED, 'fair', '--celery-command', 'x')).code).toBe(64);
  });
});
