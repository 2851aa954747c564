import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
// From dist: a node is kept by a process of its own, which runs built code.
import { startKeptNode, stopKeptNode } from '../../../dist/broker/node/kept-node.js';
import { readState } from '../../../dist/broker/node/kept-state.js';
import { eventually } from '../../support/eventually.js';
import { askManagement } from '../../support/management-api.js';

const runFile = promisify(execFile);
const PROGRAMS = '/usr/lib/rabbitmq/bin';

export interface QueueCounts {
  readonly ready: number;
  readonly unacknowledged: number;
}

/** A broker that may be killed: its data and its ports are the same when it starts again. */
export class FaultBroker {
  uri = '';
  managementUri = '';
  version = '';
  #folder = '';

  constructor(private readonly extraConfig: readonly string[]) {}

  async make(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'fairq-fault-'));
    await this.start();
  }

  async start(): Promise<void> {
    const ports =
      this.uri === '' ? {} : { port: portOf(this.uri), managementPort: portOf(this.managementUri) };
    const { uri, managementUri, version } = await startKeptNode(this.#folder, {
      ...ports,
      extraConfig: this.extraConfig,
    });
    if (uri === null || managementUri === null || version === null)
      throw new Error('the broker did not start');
    this.uri = uri;
    this.managementUri = managementUri;
    this.version = version;
  }

  async stop(): Promise<void> {
    await stopKeptNode(this.#folder);
  }

  /** SIGKILL, as the kernel's out-of-memory killer would; resolves when nothing of the node is left. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
    const hasEnded = async () => (await readState(this.#folder))?.phase === 'failed';
    await eventually(hasEnded, { timeoutMs: 60_000, what: 'the end of the killed broker' });
    await stopKeptNode(this.#folder);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = (await readState(this.#folder))?.node?.pid;
    if (pid === undefined) throw new Error('the broker does not run');
    process.kill(pid, signal);
  }

  async remove(): Promise<void> {
    await stopKeptNode(this.#folder);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Runs Erlang inside the broker: there are faults that no protocol offers. */
  async evaluate(erlang: string): Promise<string> {
    const state = await readState(this.#folder);
    if (!state?.ports) throw new Error('the broker does not run');
    const node = join(this.#folder, 'node');
    const { stdout } = await runFile(join(PROGRAMS, 'rabbitmqctl'), ['-n', state.nodeName, 'eval', erlang], {
      env: {
        PATH: `${PROGRAMS}:/usr/bin:/bin`,
        HOME: node,
        LANG: 'C.UTF-8',
        ERL_EPMD_PORT: String(state.ports.epmd),
        ERL_INETRC: join(node, 'inetrc'),
        RABBITMQ_CONF_ENV_FILE: join(node, 'rabbitmq-env.conf'),
      },
    });
    return stdout.trim();
  }

  async api(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    return askManagement({ uri: this.managementUri }, method, path, body);
  }

  async makeVhost(vhost: string): Promise<void> {
    await this.api('PUT', `/vhosts/${vhost}`, {});
    await this.api('PUT', `/permissions/${vhost}/guest`, { configure: '.*', write: '.*', read: '.*' });
  }

  /** By the broker's own count of this moment, which no statistics delay. */
  async queues(vhost: string): Promise<Map<string, QueueCounts>> {
    const path = `/queues/${vhost}?disable_stats=true&enable_queue_totals=true`;
    const listed = (await this.api('GET', path)) as readonly {
      readonly name: string;
      readonly messages_ready?: number;
      readonly messages_unacknowledged?: number;
    }[];
    const counts = new Map<string, QueueCounts>();
    for (const { name, messages_ready: ready, messages_unacknowledged: unacknowledged } of listed) {
      // A queue that could not be asked is listed without its counts.
      if (ready !== undefined && unacknowledged !== undefined) counts.set(name, { ready, unacknowledged });
    }
    return counts;
  }
}

/** @param extraConfig lines for `rabbitmq.conf` */
export function useFaultBroker(...extraConfig: string[]): FaultBroker {
  const broker = new FaultBroker(extraConfig);
  beforeAll(() => broker.make(), 120_000);
  afterAll(() => broker.remove(), 120_000);
  return broker;
}

function portOf(uri: string): number {
  return Number(new URL(uri).port);
}
