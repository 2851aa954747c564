import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

/**
 * The parser of Prometheus' own client, in Python. A figure of which there is no sample yet (the mean lag of a loop
 * that has just begun) is NaN to Prometheus, for which JSON has no word: null here.
 */
const PARSE = `
import json, math, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.buffer.read().decode())
print(json.dumps([[f.name, f.type, f.documentation, [[s.name, s.labels, None if math.isnan(s.value) else s.value] for s in f.samples]] for f in families]))
`;
const HOSTILE_NAMES = ['漢 "字"\\', '\u202egnp', 'line\nbreak\r', `a'b{c="d"} 1`, '😀 # HELP x', 'plain'];
// Debian's package is Debian's Python's, and the first on the path may be another.
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import prometheus_client.parser']).status === 0,
);
const hasParser = python !== undefined;
if (!hasParser) {
  console.error("NOT RUN: metrics against Prometheus' parser (apt-get install python3-prometheus-client)");
}

type Sample = [name: string, labels: Record<string, string>, value: number | null];
type Family = [name: string, type: string, help: string, samples: Sample[]];

function parse(text: string): Family[] {
  const { stdout, stderr, status } = spawnSync(python ?? '', ['-c', PARSE], {
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Family[];
}

/** A worker that takes no tasks. */
const IDLE = ['--queues', 'nothing-*'];

let worker: RunningFairq | undefined;
afterEach(async () => {
  worker?.signal('SIGKILL'); // it may be at a task of a minute
  await worker?.ended;
  worker = undefined;
});

async function scraped(...flags: string[]): Promise<() => Promise<string>> {
  worker = new RunningFairq(['worker', '--metrics-port', '0', ...flags], env);
  await worker.says(/metrics at (\S+)/);
  const [, uri = ''] = /metrics at (\S+)/.exec(worker.stderr) ?? [];
  // The parser holds up this process: a connection that is kept may have been closed by the next scrape.
  return async () => (await fetch(uri, { headers: { connection: 'close' } })).text();
}

describe.skipIf(!hasParser)('the metrics of a worker', () => {
  it("are read by Prometheus' own parser, whatever users are called, and count every task", async () => {
    for (const user of HOSTILE_NAMES) await fairqJson(env, 'publish', '--user', user, '--count', '3');
    await fairqJson(env, 'publish', '--user', 'F', '--count', '2', '--task', 'fail');
    const scrape = await scraped('--name', 'w "1"\\', '--max-attempts', '2', '--backoff', '10ms', '-c', '7');
    const value = async (name: string, labels: Record<string, string> = {}) => {
      const samples = parse(await scrape()).flatMap(([, , , all]) => all);
      const found = samples.filter(
        ([sample, own]) =>
          sample === name && Object.entries(labels).every(([key, text]) => own[key] === text),
      );
      return found.reduce((sum, [, , one]) => sum + (one ?? 0), 0);
    };
    const done = 3 * HOSTILE_NAMES.length;
    await eventually(async () => (await value('fairq_tasks_total')) === done + 4, {
      timeoutMs: 60_000,
      what: 'all have run',
    });
    expect(await value('fairq_tasks_total', { outcome: 'done' })).toBe(done);
    expect(await value('fairq_tasks_total', { outcome: 'retrying' })).toBe(2);
    expect(await value('fairq_tasks_total', { outcome: 'failed' })).toBe(2);
    expect(await value('fairq_task_dwell_seconds_count')).toBe(done + 4);
    expect(await value('fairq_task_run_seconds_count')).toBe(done + 4);
    expect(await value('fairq_slots', { worker: 'w "1"\\' })).toBe(7);
    expect(await value('fairq_backlog_known')).toBe(1);
    expect(await value('fairq_queues_consumed')).toBe(HOSTILE_NAMES.length + 1);
    await eventually(async () => (await value('fairq_dead_letters')) === 2, {
      timeoutMs: 60_000,
      what: 'the broker lists two dead letters',
    });
    expect(await value('fairq_tasks_redelivered_total')).toBe(0);
    expect(await value('fairq_oldest_running_seconds')).toBe(0);
    expect(await value('fairq_policy_revision')).toBe(0);
    for (const [name, , help] of parse(await scrape())) expect(help, name).not.toBe('');
  });

  it('name the users with most waiting, and no more of them than that', async () => {
    await fairqJson(env, 'publish', '--users', '60', '--count', '2', '--task', 'sleep', '--duration', '1m');
    await fairqJson(env, 'publish', '--user', 'user-7', '--count', '50');
    await eventually(
      async () => (await vhost.management.queues()).find(({ name }) => name.endsWith('user-7'))?.ready === 52,
      { timeoutMs: 60_000, what: 'the figures are listed' },
    );
    const scrape = await scraped('--queues', 'fairq.user.user-*', '-c', '1', '--prefetch', '1');
    const samples = parse(await scrape()).flatMap(([, , , all]) => all);
    const users = samples.filter(([name]) => name === 'fairq_user_backlog_tasks');
    expect(users).toHaveLength(20);
    expect(users.find(([, { user }]) => user === 'user-7')?.[2]).toBeGreaterThanOrEqual(50);
    const [[, , total] = ['', {}, 0]] = samples.filter(([name]) => name === 'fairq_backlog_tasks');
    expect(total).toBeGreaterThanOrEqual(100);
    expect(samples.length).toBeLessThan(250);
    for (const age of ['fairq_oldest_running_seconds', 'fairq_oldest_waiting_seconds']) {
      await eventually(
        async () => {
          const now = parse(await scrape()).flatMap(([, , , all]) => all);
          return (now.find(([name]) => name === age)?.[2] ?? 0) > 0;
        },
        { timeoutMs: 60_000, what: `${age} grows` },
      );
    }
  });

  it('are all that the dashboard asks for', async () => {
    const scrape = await scraped(...IDLE);
    const known = new Set(parse(await scrape()).flatMap(([, , , all]) => all.map(([name]) => name)));
    const dashboard = JSON.parse(readFileSync('docs/grafana-dashboard.json', 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const asked = dashboard.panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(?:fairq|nodejs)_\w+/g) ?? []),
    );
    expect(asked.length).toBeGreaterThan(10);
    // Of users there are none, with an empty broker.
    for (const name of new Set(asked))
      expect(known.has(name) || name.startsWith('fairq_user_'), name).toBe(true);
  });
});

describe('the server of the metrics', () => {
  it('tells a supervisor that the worker lives, and whether it consumes', async () => {
    const { hostname, port, pathname, username, password } = new URL(env.FAIRQ_URI!);
    const proxy = await NetworkProxy.to(hostname, Number(port));
    try {
      const FAIRQ_URI = `amqp://${username}:${password}@127.0.0.1:${proxy.port}${pathname}`;
      worker = new RunningFairq(['worker', '--metrics-port', '0', ...IDLE], { ...env, FAIRQ_URI });
      await worker.says(/metrics at (\S+)\/metrics/);
      const [, base = ''] = /metrics at (\S+)\/metrics/.exec(worker.stderr) ?? [];
      const answers = (path: string, status: number, text: RegExp) =>
        eventually(
          async () => {
            const response = await fetch(base + path);
            return text.test(await response.text()) && response.status === status;
          },
          { timeoutMs: 60_000, what: `${path} answers ${status}` },
        );
      await answers('/readyz', 200, /^ok$/m);
      proxy.refuse();
      await answers('/readyz', 503, /no connection to the broker/);
      await answers('/livez', 200, /^ok$/m);
      proxy.accept();
      await answers('/readyz', 200, /^ok$/m);
    } finally {
      worker?.signal('SIGKILL');
      await worker?.ended;
      await proxy.close();
    }
  });

  it('answers for /metrics and the probes alone', async () => {
    const scrape = await scraped(...IDLE);
    expect(await scrape()).toContain('fairq_slots');
    const [, base = ''] = /metrics at (\S+)\/metrics/.exec(worker?.stderr ?? '') ?? [];
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/metrics'],
      ['GET', '/../../etc/passwd'],
    ]) {
      expect((await fetch(`${base}${path}`, { method: method! })).status).toBe(404);
    }
  });

  it('says what to do where its port is taken', async () => {
    await scraped(...IDLE);
    const [, port = ''] = /metrics at \S+:(\d+)\/metrics/.exec(worker?.stderr ?? '') ?? [];
    const { code, stderr } = await fairq(env, 'worker', '--metrics-port', port);
    expect(code).toBe(64);
    expect(stderr).toMatch(/EADDRINUSE[\s\S]+port that is free/);
  });
});
