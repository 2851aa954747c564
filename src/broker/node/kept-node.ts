import { resolve as absolute, join } from 'node:path';
import { unreachableError } from '../../core/errors/errors.js';
import { errorOf } from './keeper-protocol.js';
import { lockHolder } from './kept-lock.js';
import { dataFolderOf, type KeptState, readState } from './kept-state.js';
import { checkFixedPorts } from './ports.js';
import { pidOf, processesOf, sendSignal } from './processes.js';
import { type NodeOptions, USUAL_PLUGINS } from './running-node.js';
import { spawnKeeper } from './spawn-keeper.js';
import { stateFolder } from './state-folder.js';
import { until } from './until.js';

export interface KeptNodeStatus {
  readonly running: boolean;
  /** Where it answers; null when it does not run. */
  readonly uri: string | null;
  readonly managementUri: string | null;
  readonly version: string | null;
  /** Has its data and its log, also when it does not run. */
  readonly dataFolder: string;
  /** Why it does not run, where that is not because it was stopped or never started. */
  readonly reason?: string;
}

/** Longer than a keeper may take to start its node, or to stop it. */
const PATIENCE_MS = 240_000;

export function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  return join(stateFolder(env), 'broker');
}

/**
 * Starts the node of that folder and resolves when it answers; it goes on when this process ends. When it
 * already runs that is the answer, whatever the options. Its data, name and cookie are those of its last
 * run, and so are its ports where they are free. Throws `PORT_TAKEN`, `NO_RABBITMQ`, `NODE_START_FAILED`.
 */
export async function startKeptNode(stateDir: string, options: NodeOptions = {}): Promise<KeptNodeStatus> {
  const folder = absolute(stateDir);
  const { port, managementPort, extraConfig = [], plugins = USUAL_PLUGINS } = options;
  const fixedPorts = { port, managementPort };
  const status = await until(
    async () => {
      const { holder, ...seen } = await inspect(folder);
      if (seen.status.running) return seen.status;
      // It is starting or stopping: what comes of that is to be seen.
      if (holder !== null) return null;
      await checkFixedPorts(fixedPorts);
      const keeper = spawnKeeper({ mode: 'kept', folder, fixedPorts, extraConfig, plugins });
      const word = await keeper.firstWord;
      if (word.type === 'failed') throw errorOf(word.error);
      if (word.type === 'ready') {
        keeper.process.disconnect();
        keeper.process.unref();
      }
      return null;
    },
    { timeoutMs: PATIENCE_MS },
  );
  if (status !== null) return status;
  throw unreachableError('NODE_BUSY', `The node in ${folder} has been starting or stopping for too long.`, {
    hint: `Its log is in ${join(dataFolderOf(folder), 'log')}.`,
  });
}

/** Stops the node and resolves when its processes have gone. Does nothing when it does not run. */
export async function stopKeptNode(stateDir: string): Promise<KeptNodeStatus> {
  const folder = absolute(stateDir);
  const { holder } = await inspect(folder);
  if (holder !== null) {
    sendSignal(pidOf(holder), 'SIGTERM');
    const gone = async () => ((await lockHolder(folder)) === holder ? null : true);
    await until(gone, { timeoutMs: PATIENCE_MS });
  } else if (processesOf(dataFolderOf(folder)).length > 0) {
    await spawnKeeper({ mode: 'sweep', folder, fixedPorts: {}, extraConfig: [], plugins: [] }).ended;
  }
  return (await inspect(folder)).status;
}

/** What is known of the node; starts nothing and changes nothing. */
export async function keptNodeStatus(stateDir: string): Promise<KeptNodeStatus> {
  return (await inspect(absolute(stateDir))).status;
}

async function inspect(folder: string): Promise<{ status: KeptNodeStatus; holder: string | null }> {
  const holder = await lockHolder(folder);
  const state = await readState(folder);
  const dataFolder = dataFolderOf(folder);
  if (state?.phase === 'running' && state.node !== null && state.keeper === holder) {
    const { uri, managementUri, version } = state.node;
    return { holder, status: { running: true, uri, managementUri, version, dataFolder } };
  }
  const reason = state === null ? null : reasonOf(state, holder);
  const down = { running: false, uri: null, managementUri: null, version: null, dataFolder };
  return { holder, status: reason === null ? down : { ...down, reason } };
}

function reasonOf(state: KeptState, holder: string | null): string | null {
  if (state.phase === 'failed') return state.reason;
  if (state.phase === 'stopped') return null;
  if (state.keeper === holder) return `It is ${state.phase}.`;
  return 'Its keeper has gone without stopping it: it was killed, or the machine was restarted.';
}
