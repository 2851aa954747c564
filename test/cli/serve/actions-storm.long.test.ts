import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, type HttpAnswer, type Serving, startServingApart } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const env = {
  ...vhost.env,
  get XDG_STATE_HOME() {
    return folder.file('state');
  },
};
/** Two servers: whatever is done at one, others go on at the other. */
let servers: [Serving, Serving];
let worker: RunningFairq;

const HANDLERS = `
import { setTimeout as delay } from 'node:timers/promises';
export async function brief() { await delay(10); }
`;

beforeAll(async () => {
  const module = folder.file('handlers.mjs');
  await writeFile(module, HANDLERS);
  worker = new RunningFairq(['worker', '--handler', module, '--exclude', 'fairq.user.idle'], env);
  await worker.says(/ready/);
  servers = [await startServingApart(env, '--run', 'storm'), await startServingApart(env, '--run', 'storm')];
});
afterAll(async () => {
  for (const { process } of servers) process.signal('SIGTERM');
  await Promise.all(servers.map(({ process }) => process.ended));
  worker.signal('SIGTERM');
  await worker.ended;
});

const act = (server: Serving, path: string, body: object): Promise<HttpAnswer> =>
  ask(server, path, { user: 'boss', body });

interface Storm {
  readonly accepted: number;
  /** Resolves with the ids of what was accepted. */
  end(): Promise<readonly string[]>;
}

/** Sends tasks at both servers until it is told to end. */
function storm(userOf: (i: number) => string): Storm {
  let goesOn = true;
  const ids: string[] = [];
  const sender = async (server: Serving, first: number) => {
    for (let i = first; goesOn; i += 4) {
      const { status, json, text } = await ask(server, '/v1/tasks', {
        user: userOf(i),
        body: { task: 'brief' },
      });
      if (status !== 202) throw new Error(`POST /v1/tasks: ${status} ${text}`);
      ids.push(String(json.id));
    }
  };
  const sending = Promise.all([0, 1, 2, 3].map((first) => sender(servers[first % 2]!, first)));
  sending.catch(() => {}); // who ends it is told
  return {
    get accepted() {
      return ids.length;
    },
    end: async () => {
      goesOn = false;
      await sending;
      return ids;
    },
  };
}

interface Report {
  readonly completed: number;
  readonly duplicates: number;
}

/** Waits until as many tasks of the run have completed as are to, and no more do. */
async function completedOf(expected: number): Promise<Report> {
  let last: Report | undefined;
  return eventually(
    async () => {
      last = await fairqJson<Report>(env, 'report', '--run', 'storm');
      return last.completed >= expected && last;
    },
    {
      timeoutMs: 180_000,
      what: () => `${expected} tasks to be done; it was ${JSON.stringify(last?.completed)}`,
    },
  );
}

describe('under a storm of POSTs through two servers', () => {
  it('a prune loses none', async () => {
    const pruned = new Set<string>();
    let rounds = 0;
    let kept = 0;
    // A user comes back after a while: its queue is idle by then, or pruned, or just being pruned.
    const posts = storm((i) => `storm-${i % 40}`);
    await eventually(
      async () => {
        const { json } = await act(servers[0], '/v1/queues:prune', { idleFor: '0s', match: 'storm-*' });
        const answer = await act(servers[1], '/v1/queues:prune', { token: json.token });
        expect(answer.status, answer.text).toBe(200);
        for (const { queue, outcome } of answer.json.outcomes as { queue: string; outcome: string }[]) {
          if (outcome === 'pruned') pruned.add(`${rounds} ${queue}`);
          else kept++;
        }
        rounds++;
        return pruned.size >= 20 && kept > 0 && posts.accepted > 400;
      },
      {
        timeoutMs: 240_000,
        what: () => `20 queues pruned of a storm; it was ${pruned.size}, and ${kept} kept`,
      },
    );
    const ids = await posts.end();
    expect(new Set(ids).size).toBe(ids.length);
    const report = await completedOf(ids.length);
    expect(report.completed).toBe(ids.length);
    // By the word of the API, too.
    for (const [i, id] of [ids[0], ids.at(-1), ids[Math.floor(ids.length / 2)]].entries()) {
      const { json } = await ask(servers[i % 2]!, `/v1/tasks/${id}`, { user: 'boss' });
      expect(json.state).toBe('done');
    }
  });

  it('a purge throws away no more than was planned, and nothing else is lost', async () => {
    const queue = 'fairq.user.idle';
    const path = '/v1/users/idle:purge';
    const posts = storm(() => 'idle');
    const ready = async () => (await vhost.ready(queue)) ?? 0;
    let [purged, taken, times, refused] = [0, 0, 0, 0];
    // Somebody takes what there is between plan and purge: so there may be less than was planned, though more comes all the time.
    const takeSome = async () => {
      const { consumerTag } = await vhost.channel.consume(queue, () => taken++, { noAck: true });
      const before = taken;
      await eventually(() => taken >= before + 30, { timeoutMs: 60_000, what: 'tasks are taken' });
      await vhost.channel.cancel(consumerTag);
    };
    while (times < 3 || refused < 1) {
      await eventually(async () => (await ready()) >= 60, { timeoutMs: 120_000, what: 'a backlog' });
      const plan = await act(servers[0], path, {});
      if (refused > 0) await takeSome();
      else
        await eventually(async () => (await ready()) > Number(plan.json.tasks), {
          timeoutMs: 60_000,
          what: 'more',
        });
      const answer = await act(servers[1], path, { token: plan.json.token });
      if (answer.status === 409) {
        expect(answer.json.type).toBe('urn:fairq:problem:plan-changed');
        refused++;
        continue;
      }
      expect(answer.status, answer.text).toBe(200);
      expect(Number(answer.json.tasks)).toBeLessThanOrEqual(Number(plan.json.tasks));
      purged += Number(answer.json.tasks);
      times++;
    }
    const ids = await posts.end();
    expect(purged).toBeGreaterThan(0);
    expect(purged + taken + (await ready())).toBe(ids.length);
  });
});
