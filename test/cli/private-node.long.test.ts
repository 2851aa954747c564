import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// The compiled modules: the keeper is a process of its own, and Node runs no TypeScript.
import {
  defaultStateDir,
  keptNodeStatus,
  startKeptNode,
  stopKeptNode,
} from '../../dist/broker/node/kept-node.js';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { KeptNodeStatus } from '../../src/broker/node/kept-node.js';
import { eventually } from '../support/eventually.js';

const nodeModules = new URL('../../dist/broker/node/', import.meta.url);
const START_MS = 60_000;

let folder: string;
let starters: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairq-node-test-'));
  starters = [];
});

// Whatever a failed test has left running must not disturb the next.
afterEach(async () => {
  for (const starter of starters) starter.kill('SIGKILL');
  await eventually(
    () => {
      const left = processesIn(folder);
      for (const { pid } of left) kill(pid);
      return left.length === 0;
    },
    { timeoutMs: START_MS, what: 'the processes of the test to go' },
  );
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

describe('a throw-away node', () => {
  it('answers, and leaves no process and no file behind when it is stopped', async () => {
    const node = await startThrowAwayNode({ dataParent: folder });
    expect(await management(node, 'GET', '/api/overview')).toMatchObject({ rabbitmq_version: node.version });
    expect(namesOf(processesIn(folder))).toEqual(expect.arrayContaining(['beam.smp', 'epmd']));

    await node.stop();

    expect(processesIn(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('survives a Ctrl-C that the process that started it survives, and goes when that one is killed', async () => {
    const starter = start(
      `startThrowAwayNode({ dataParent: ${JSON.stringify(folder)} })`,
      "process.on('SIGINT', () => console.log('INTERRUPTED'));",
    );
    const node = await starter.node();

    process.kill(-starter.process.pid!, 'SIGINT');

    await starter.said('INTERRUPTED');
    expect(await management(node, 'GET', '/api/overview')).toMatchObject({ rabbitmq_version: node.version });

    starter.process.kill('SIGKILL');

    await everythingIsGone();
  });

  it('does not collide with another that starts at the same time, and says so when it, or its keeper, is killed', async () => {
    const folders = ['a', 'b'].map((name) => join(folder, name));
    for (const one of folders) mkdirSync(one);
    const [first, second] = await Promise.all(
      folders.map((dataParent) => startThrowAwayNode({ dataParent })),
    );
    const names = await Promise.all(
      [first!, second!].map(async (node) => (await management(node, 'GET', '/api/overview')).node),
    );
    expect(new Set(names).size).toBe(2);

    for (const { pid, name } of processesIn(folders[0]!)) if (name === 'node') kill(pid);

    expect(await first!.died).toContain('SIGKILL');
    await everythingIsGone(folders[0]);
    await first!.stop();

    process.kill(second!.pid, 'SIGKILL');

    expect(await second!.died).toContain('SIGKILL');
    await second!.stop();
    expect(processesIn(folder)).toEqual([]);
    expect(readdirSync(folders[1]!)).toEqual([]);
  });

  it('goes when the process that started it is killed while the node starts', async () => {
    const starter = start(`startThrowAwayNode({ dataParent: ${JSON.stringify(folder)} })`);
    await eventually(() => namesOf(processesIn(folder)).includes('beam.smp'), {
      timeoutMs: START_MS,
      what: 'Erlang',
    });

    starter.process.kill('SIGKILL');

    await everythingIsGone();
  });

  it('names a port that is taken, and starts nothing', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address !== null && typeof address === 'object') resolve(address.port);
      });
    });
    try {
      const attempt = startThrowAwayNode({ dataParent: folder, port });
      await expect(attempt).rejects.toMatchObject({
        kind: 'usage',
        code: 'PORT_TAKEN',
        message: expect.stringContaining(`${port}`),
      });
    } finally {
      server.close();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives the reason when RabbitMQ refuses its configuration, and leaves nothing behind', async () => {
    const attempt = startThrowAwayNode({ dataParent: folder, extraConfig: ['no.such.key = 1'] });

    await expect(attempt).rejects.toMatchObject({
      kind: 'unreachable',
      code: 'NODE_START_FAILED',
      message: expect.stringContaining('no.such.key'),
    });
    expect(processesIn(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a kept node', () => {
  // One story: a start takes seconds of processor time, and what one ends with the next can begin with.
  it('outlives its starter, keeps its data over a stop, is one node however many start it, and says why it does not run', async () => {
    const starter = start(`Promise.all([1, 2, 3].map(() => startKeptNode(${JSON.stringify(folder)})))
      .then((nodes) => {
        if (new Set(nodes.map(({ uri }) => uri)).size > 1) throw new Error('there are several nodes');
        return nodes[0];
      })`);
    const first = await starter.node();
    expect(machines()).toHaveLength(1);
    starter.process.kill('SIGKILL');
    await management(first, 'PUT', '/api/vhosts/lasting');
    expect(await keptNodeStatus(folder)).toMatchObject({ running: true, uri: first.uri });

    expect(await stopKeptNode(folder)).toMatchObject({ running: false, uri: null });
    expect(processesIn(folder)).toEqual([]);
    expect(await keptNodeStatus(folder)).not.toHaveProperty('reason');

    const { uri, managementUri } = first;
    expect(await startKeptNode(folder)).toMatchObject({ uri, managementUri });
    expect(await management(first, 'GET', '/api/vhosts/lasting')).toMatchObject({ name: 'lasting' });

    const owners = processesIn(folder).filter(({ command }) => /keeper\.js|fairq-guard/.test(command));
    for (const { pid } of owners) kill(pid);
    expect((await downStatus()).reason).toContain('keeper');

    // What they left running goes before another starts.
    expect(await startKeptNode(folder)).toMatchObject({ running: true });
    const [machine, ...others] = machines();
    expect(others).toEqual([]);

    process.kill(machine!.pid, 'SIGKILL');

    expect((await downStatus()).reason).toContain('SIGKILL');
    await eventually(() => processesIn(folder).length === 0, {
      timeoutMs: 60_000,
      what: 'its processes to go',
    });
  });

  it('has its state where the XDG specification puts it', () => {
    expect(defaultStateDir({ XDG_STATE_HOME: '/state', HOME: '/home/ann' })).toBe('/state/fairq/broker');
    expect(defaultStateDir({ XDG_STATE_HOME: 'relative', HOME: '/home/ann' })).toBe(
      '/home/ann/.local/state/fairq/broker',
    );
    expect(defaultStateDir({ HOME: '/home/ann' })).toBe('/home/ann/.local/state/fairq/broker');
  });
});

/** Kills a process that was seen a moment ago, and may have gone by itself since. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Address {
  readonly uri: string;
  readonly managementUri: string;
  readonly version: string;
}

function machines(): SeenProcess[] {
  return processesIn(folder).filter(({ name }) => name === 'beam.smp');
}

/** The status of the kept node, as soon as it is that it does not run. */
function downStatus() {
  const ask = async () => {
    const status: KeptNodeStatus = await keptNodeStatus(folder);
    return status.running ? null : status;
  };
  return eventually(ask, { timeoutMs: 60_000, what: 'the status to say that the node does not run' });
}

/** Evaluates a call in a process and session of its own, which prints the node and stays. */
function start(call: string, before = '') {
  const script = `
    import { startThrowAwayNode } from '${new URL('private-node.js', nodeModules)}';
    import { startKeptNode } from '${new URL('kept-node.js', nodeModules)}';
    ${before}
    const { uri, managementUri, version } = await ${call};
    console.log(JSON.stringify({ uri, managementUri, version }));
    setInterval(() => {}, 1_000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  starters.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said = (start: string) =>
    eventually(() => lines.find((line) => line.startsWith(start)), {
      timeoutMs: START_MS,
      what: `a line with ${start} from the process that starts the node`,
    });
  return { process: child, said, node: async (): Promise<Address> => JSON.parse(await said('{')) };
}

async function management(node: Address, method: string, path: string): Promise<Record<string, unknown>> {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const response = await fetch(node.managementUri + path, { method, headers: { authorization } });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
  const text = await response.text();
  return text === '' ? {} : JSON.parse(text);
}

async function everythingIsGone(from = folder): Promise<void> {
  await eventually(() => processesIn(from).length === 0 && readdirSync(from).length === 0, {
    timeoutMs: 60_000,
    what: `all processes and files in ${from} to go`,
  });
}

interface SeenProcess {
  readonly pid: number;
  readonly name: string;
  readonly command: string;
}

/** Those that have the folder in their arguments or their environment, but for the starters and this one. */
function processesIn(path: string): SeenProcess[] {
  const ours = [process.pid, ...starters.map(({ pid }) => pid)];
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!(pid > 0) || ours.includes(pid)) return [];
    try {
      const [name, command, environment] = ['comm', 'cmdline', 'environ'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      );
      const theirs = `${command} ${environment}`.includes(path);
      return theirs ? [{ pid, name: name!.trim(), command: command!.replaceAll('\0', ' ') }] : [];
    } catch {
      // It went while it was looked at, or it is the system's.
      return [];
    }
  });
}

function namesOf(processes: readonly SeenProcess[]): string[] {
  return processes.map(({ name }) => name);
}
