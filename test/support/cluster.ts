import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf } from '../../dist/broker/node/environment.js';
import { explainFailedStart } from '../../dist/broker/node/explain.js';
import { findServer } from '../../dist/broker/node/find-server.js';
import { startGuard } from '../../dist/broker/node/guard.js';
import { layoutOf, writeLayout } from '../../dist/broker/node/layout.js';
import { choosePorts, LOOPBACK } from '../../dist/broker/node/ports.js';
import { amqpAnswers } from '../../dist/broker/node/readiness.js';
import { USUAL_PLUGINS } from '../../dist/broker/node/running-node.js';
import type { Guard } from '../../src/broker/node/guard.js';
import type { NodePorts } from '../../src/broker/node/ports.js';
import { eventually } from './eventually.js';
import { askManagement } from './management-api.js';

interface Member {
  readonly name: string;
  readonly folder: string;
  readonly ports: NodePorts;
  server: ChildProcess;
}

const START_TIMEOUT_MS = 90_000;
/** Somebody else may take a port before a node listens on it, or while it is down. */
const TRIES = 3;

class PortTaken extends Error {}

/** RabbitMQ nodes of one cluster on this machine: one port mapper, one cookie, a folder for each node. */
export class Cluster {
  readonly #members: Member[] = [];

  private constructor(
    private readonly folder: string,
    private readonly guard: Guard,
    private readonly epmd: ChildProcess,
  ) {}

  /** Resolves when all of them answer and know of each other. */
  static async start(size: number): Promise<Cluster> {
    const programs = findServer(process.env);
    const folder = await mkdtemp(join(tmpdir(), 'fairq-cluster-'));
    const guard = startGuard(folder, 'throw-away', programs.path);
    const { epmd: epmdPort } = await choosePorts({});
    const log = openSync(join(folder, 'epmd.log'), 'w');
    const epmd = spawn(programs.epmd, ['-address', LOOPBACK, '-port', `${epmdPort}`], {
      cwd: folder,
      env: { PATH: programs.path, FAIRQ_NODE_FOLDER: folder },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (epmd.pid !== undefined) guard.watch(epmd.pid);
    const cluster = new Cluster(folder, guard, epmd);
    try {
      const cookie = randomBytes(24).toString('hex');
      const names = Array.from({ length: size }, (_, i) => `fairq-${i + 1}-${epmdPort}@localhost`);
      // One after the other, each told of those before it: from 4.0 on a node waits for all it is told of.
      for (const [i, name] of names.entries()) {
        await cluster.#startMember(name, names.slice(0, i + 1), cookie, epmdPort);
      }
      await eventually(async () => (await cluster.#running()) === size, {
        timeoutMs: START_TIMEOUT_MS,
        what: 'all nodes to know of each other',
      });
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get uris(): string[] {
    return this.#members.map(({ ports }) => `amqp://guest:guest@${LOOPBACK}:${ports.amqp}/`);
  }

  get managementUris(): string[] {
    return this.#members.map(({ ports }) => `http://${LOOPBACK}:${ports.management}`);
  }

  /** What a fairq needs in its environment to use all of them. */
  get env(): Record<string, string> {
    return { FAIRQ_URI: this.uris.join(','), FAIRQ_MANAGEMENT_URI: this.managementUris.join(',') };
  }

  /** As a machine that loses its power. */
  kill(index: number): void {
    this.#members[index]!.server.kill('SIGKILL');
  }

  /** One that was killed comes back, with all that it had on its disk. Resolves when it answers. */
  async startAgain(index: number): Promise<void> {
    const member = this.#members[index]!;
    await unlessPortTaken(async () => {
      await end(member.server);
      member.server = this.#launch(member);
      await answers(member);
    });
  }

  /** Such as SIGSTOP: its machine does nothing more, and nobody has been told. */
  signal(index: number, signal: NodeJS.Signals): void {
    this.#members[index]!.server.kill(signal);
  }

  /** Queues in which something is, by the last node's counts, which are up to 5 s old; for when a test fails. */
  async busyQueues(): Promise<string> {
    const uri = this.managementUris.at(-1) ?? '';
    const columns = 'name,leader,messages_ready,messages_unacknowledged,consumers';
    const queues = (await askManagement({ uri }, 'GET', `/queues?columns=${columns}`)) as Record<
      string,
      unknown
    >[];
    const busy = queues.filter((queue) => queue.messages_ready !== 0 || queue.messages_unacknowledged !== 0);
    return busy.map((queue) => JSON.stringify(queue)).join('\n');
  }

  async stop(): Promise<void> {
    const ends = [...this.#members.map(({ server }) => server), this.epmd].map(end);
    await Promise.all(ends);
    await this.guard.dismiss();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async #startMember(name: string, known: readonly string[], cookie: string, epmd: number): Promise<void> {
    const folder = join(this.folder, name);
    const layout = layoutOf(folder);
    await mkdir(folder, { mode: 0o700 });
    await writeFile(layout.cookie, cookie, { mode: 0o400 });
    const config = [
      'cluster_formation.peer_discovery_backend = classic_config',
      ...known.map((one, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${one}`),
    ];
    const index = this.#members.length;
    await unlessPortTaken(async () => {
      const ports = { ...(await choosePorts({})), epmd };
      await writeLayout(layout, ports, config, USUAL_PLUGINS, findServer(process.env).server);
      const server = this.#launch({ name, folder, ports });
      this.#members[index] = { name, folder, ports, server };
      await answers({ name, folder, ports, server });
    });
  }

  #launch({ name, folder, ports }: Omit<Member, 'server'>): ChildProcess {
    const layout = layoutOf(folder);
    const programs = findServer(process.env);
    const log = openSync(layout.consoleLog, 'w');
    const server = spawn(programs.server, [], {
      cwd: folder,
      // The guard of the cluster looks for one folder in all of its processes.
      env: {
        ...environmentOf(process.env, programs, { name, layout, ports }),
        FAIRQ_NODE_FOLDER: this.folder,
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (server.pid !== undefined) this.guard.watch(server.pid);
    return server;
  }

  async #running(): Promise<number> {
    const [uri = ''] = this.managementUris;
    const nodes = (await askManagement({ uri }, 'GET', '/nodes?columns=running')) as { running: boolean }[];
    return nodes.filter(({ running }) => running).length;
  }
}

async function answers({ name, folder, ports, server }: Member): Promise<void> {
  const hasEnded = () => server.exitCode !== null;
  const ask = async () => hasEnded() || (await amqpAnswers(ports.amqp));
  await eventually(ask, { timeoutMs: START_TIMEOUT_MS, what: `${name} to answer` });
  if (!hasEnded()) return;
  const { text, portTaken } = explainFailedStart(layoutOf(folder));
  const message = `${name} has ended: ${text}`;
  throw portTaken ? new PortTaken(message) : new Error(message);
}

async function unlessPortTaken(start: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof PortTaken) || tries === TRIES) throw error;
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
