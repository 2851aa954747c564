import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Doctor } from '../../../src/serve/doctor/doctor-view.js';
import type { History } from '../../../src/serve/history/history-view.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, HANDLERS, type Serving, slug, startServing, useGuardedServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const guarded = useGuardedServing(env, folder);

const COLUMNS = [
  'sent',
  'ended',
  'failed',
  'waitMedianSeconds',
  'waitP95Seconds',
  'waitMostSeconds',
] as const;

async function historyOf(
  server: Pick<Serving, 'url'>,
  isSo: (history: History) => boolean,
): Promise<History> {
  let last: History | undefined;
  return eventually(
    async () => {
      const { json, status } = await ask(server, '/v1/history', { user: 'boss' });
      expect(status).toBe(200);
      last = json as History;
      return isSo(last) && last;
    },
    {
      timeoutMs: 120_000,
      what: () => `the history to be so; it was ${JSON.stringify(last)?.slice(0, 3_000)}`,
    },
  );
}

const sum = (column: readonly (number | null)[]) => column.reduce<number>((all, one) => all + (one ?? 0), 0);

/** By the moment at which a step begins, what stands in it; steps of which nothing is to be said are left out. */
function stepsOf({ from, stepSeconds, users, ...columns }: History): Map<number, unknown> {
  const begin = Date.parse(from);
  return new Map(
    columns.ended.flatMap((_, i) => {
      const at = begin + i * stepSeconds * 1_000;
      const user = users[columns.behindUser[i] ?? -1];
      const figures = Object.fromEntries(COLUMNS.map((name) => [name, columns[name][i]]));
      return columns.ended[i] === null
        ? []
        : [[at, { ...figures, user, backlog: columns.backlog[i] }] as const];
    }),
  );
}

it('tells the same of the last hour before and after a restart', async () => {
  const first = await startServing(env);
  await fairqJson(env, 'publish', '--user', 'A', '--count', '40');
  await fairqJson(env, 'publish', '--user', 'B', '--count', '5', '--task', 'fails');
  const module = folder.file('handlers.mjs');
  await writeFile(module, `${HANDLERS}\nexport function noop() {}\n`);
  const worker = new RunningFairq(['worker', '--handler', module, '--max-attempts', '1'], env);
  await ask(first, '/v1/tasks', { user: 'C', body: { task: 'echo', payload: 1 } });
  const before = await historyOf(
    first,
    ({ ended, sent, backlog, readingPast }) =>
      !readingPast && sum(ended) === 46 && Math.round(sum(sent)) === 46 && backlog.at(-1) === 0,
  );
  expect(sum(before.failed)).toBe(5);
  expect(before.users.length).toBeGreaterThan(0);
  first.process.signal('SIGTERM');
  await first.process.ended;
  worker.signal('SIGTERM');
  await worker.ended;

  const second = await startServing(env);
  const early = (await ask(second, '/v1/history', { user: 'boss' })).json as History;
  expect(early.knownSince > before.knownSince || !early.readingPast).toBe(true);
  const after = await historyOf(
    second,
    ({ readingPast, knownSince, backlog }) =>
      !readingPast && knownSince === before.knownSince && backlog.at(-1) === 0,
  );
  const [was, is] = [stepsOf(before), stepsOf(after)];
  expect(was.size).toBeGreaterThan(0);
  for (const [at, figures] of was) expect([at, is.get(at)]).toEqual([at, figures]);
  second.process.signal('SIGTERM');
  await second.process.ended;
});

it('examines as fairq doctor does, for all who ask at once', async () => {
  const { server, as } = guarded;
  const headers = as.viewer;
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(server, '/v1/doctor', { headers })));
  const documents = answers.map(({ json }) => json as Doctor);
  for (const { findings } of documents) expect(findings).toEqual(documents[0]!.findings);
  const { findings, problems, warnings } = documents[0]!;
  const ranks = findings.map(({ level }) => ['problem', 'warning', 'unknown', 'ok'].indexOf(level));
  expect(ranks).toEqual(ranks.toSorted());
  expect(findings.filter(({ level }) => level === 'problem').length).toBe(problems);
  expect(findings.filter(({ level }) => level === 'warning').length).toBe(warnings);
  const { findings: own } = await fairqJson<Doctor>(env, 'doctor');
  expect(findings.map(({ check }) => check).sort()).toEqual(own.map(({ check }) => check).sort());
});

it('tells both to viewers alone', async () => {
  const { server, as } = guarded;
  for (const path of ['/v1/history', '/v1/doctor'])
    expect(slug(await ask(server, path, { headers: as.user }))).toBe('403 forbidden');
});
