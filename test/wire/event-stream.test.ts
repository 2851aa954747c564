import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

async function report(run: string): Promise<RunReport> {
  return fairqJson<RunReport>(env, 'report', '--run', run);
}

describe('the event stream, deleted while a worker runs,', () => {
  it('is made again, and no task is lost; the report says from when its history is cut', async () => {
    const worker = new FairqHere(['worker'], env);
    let deleted = false;
    let lines = 0;
    // It has more to send when the stream goes, however slow the machine is.
    const load = Readable.from(
      (function* () {
        for (let left = 100; left > 0; lines++) {
          yield `${JSON.stringify({ user: 'E' })}\n`;
          if (deleted) left--;
        }
      })(),
    );
    const from = ['--from', '-', '--stream', '--rate', '30/s', '--run', 'cut'];
    const publisher = new FairqHere(['publish', ...from], env, load);
    await eventually(async () => ((await report('cut')).completed ?? 0) >= 5, {
      timeoutMs: 60_000,
      what: 'the first completions',
    });
    await vhost.channel.deleteQueue('fairq.events');
    deleted = true;
    expect((await publisher.ended).code).toBe(0);
    await fairqJson(env, 'publish', '--user', 'E', '--count', '5', '--run', 'after');
    await eventually(async () => (await report('after')).outstanding === 0, {
      timeoutMs: 60_000,
      what: 'the tasks of the second run',
    });
    expect((await report('after')).historyCutAt).toBeNull();
    const cut = await report('cut');
    expect(cut.published).toBe(lines);
    expect(cut.missing).toBeGreaterThanOrEqual(5);
    expect(cut.historyCutAt).toBeGreaterThan(0);
    expect((await fairq(env, 'report', '--run', 'cut')).stdout).toContain('HISTORY IS CUT');
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(0);
    expect(await vhost.ready('fairq.user.E')).toBe(0);
  });
});
