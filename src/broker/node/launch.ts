import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { endProcesses, hasEnded } from './end-processes.js';
import { environmentOf, type NodeIdentity } from './environment.js';
import type { ServerPrograms } from './find-server.js';
import type { Guard } from './guard.js';
import { pidIn } from './layout.js';
import { LOOPBACK } from './ports.js';
import { until } from './until.js';

export interface Launched {
  /** Resolves with how it was when the server ends, whoever ended it. */
  readonly ended: Promise<string>;
  /** The same for the port mapper. A node that runs does without; one that starts does not. */
  readonly mapperEnded: Promise<string>;
  /** The process number of the Erlang virtual machine. */
  pid(): number;
  /** Ends everything that belongs to the node, and resolves when it has gone; see `endProcesses`. */
  end(graceMs: number): Promise<void>;
}

/** Starts the port mapper and then the server. Ready it is not yet. */
export async function launch(
  programs: ServerPrograms,
  env: Readonly<Record<string, string | undefined>>,
  node: NodeIdentity,
  guard: Guard,
): Promise<Launched> {
  const { layout, ports } = node;
  const nodeEnv = environmentOf(env, programs, node);
  const start = (program: string, args: readonly string[], log: string) => {
    const started = startLogged(program, args, log, layout.folder, nodeEnv);
    if (started.child.pid !== undefined) guard.watch(started.child.pid);
    return started;
  };
  await rm(layout.pidFile, { force: true });
  // In the foreground, as our child: left to Erlang it would make itself a daemon that outlives the node.
  const epmd = start(programs.epmd, ['-address', LOOPBACK, '-port', String(ports.epmd)], layout.epmdLog);
  await until(() => (hasEnded(epmd.child) ? true : accepts(ports.epmd)), { timeoutMs: 5_000, everyMs: 10 });
  const server = start(programs.server, [], layout.consoleLog);
  // It differs from our child where the server is started through a wrapper that does not `exec` it.
  const pid = () => pidIn(layout) ?? server.child.pid ?? 0;
  return {
    ended: server.ended.then((how) => `RabbitMQ ${how}`),
    mapperEnded: epmd.ended.then((how) => `Erlang's epmd ${how}`),
    pid,
    end: (graceMs) => endProcesses(layout.folder, [server.child, epmd.child], { pids: [pid()], graceMs }),
  };
}

/** Its listeners are there before anything can happen: a program may end, or fail to start, at once. */
function startLogged(
  program: string,
  args: readonly string[],
  log: string,
  cwd: string,
  env: Record<string, string>,
): { readonly child: ChildProcess; readonly ended: Promise<string> } {
  const file = openSync(log, 'w', 0o600);
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', file, file] });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
      );
    });
    return { child, ended };
  } finally {
    closeSync(file);
  }
}

function accepts(port: number): Promise<true | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(null));
  });
}
