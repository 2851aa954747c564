import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { messageOf } from '../../core/errors/errors.js';
import { notWritten } from '../../core/errors/file-errors.js';
import { endProcesses } from './end-processes.js';
import { type KeeperContext, stopRequest } from './keeper-context.js';
import { claimLock } from './kept-lock.js';
import { dataFolderOf, type KeptState, nodeNameInData, readState, writeState } from './kept-state.js';
import { layoutOf, pidIn } from './layout.js';
import { identityOf } from './processes.js';
import { type LiveNode, startNode } from './start-node.js';

/** How long a node may take to write its data out when it is asked to stop. */
const GRACE_MS = 30_000;

/**
 * Keeps a node whether its parent lives or not, until SIGTERM or until it ends by itself. Its data stays.
 * What it says in the state file it says before it tells its parent, and before it goes.
 */
export async function keepForGood(context: KeeperContext): Promise<void> {
  const { settings, pid, stop, tell } = context;
  const stateDir = settings.folder;
  const me = identityOf(pid);
  if (me === null) throw new Error('This system does not say when a process started.');
  if ((await claim(stateDir, me)) !== null) return tell({ type: 'held' });

  const before = await readState(stateDir);
  const nameInData = before === null ? await nodeNameInData(stateDir) : null;
  let state: KeptState = {
    phase: 'starting',
    keeper: me,
    nodeName: before?.nodeName ?? nameInData ?? `fairq-${randomBytes(4).toString('hex')}@localhost`,
    ports: before?.ports ?? null,
    node: before?.node ?? null,
    hasData: before?.hasData ?? nameInData !== null,
    reason: null,
  };
  const note = async (change: Partial<KeptState>) => {
    state = { ...state, ...change };
    await writeState(stateDir, state);
  };
  await note({});
  await endLeftovers(dataFolderOf(stateDir), before);
  if (settings.mode === 'sweep') {
    await note({ phase: 'stopped' });
    return tell({ type: 'swept' });
  }
  let node: LiveNode;
  try {
    node = await start(context, state);
  } catch (error) {
    await note(stop.aborted ? { phase: 'stopped' } : { phase: 'failed', reason: messageOf(error) });
    throw error;
  }
  await note({ phase: 'running', ports: node.ports, node: node.facts, hasData: true });
  await tell({ type: 'ready', node: node.facts });
  const reason = await Promise.race([node.ended, stopRequest(stop)]);
  if (reason === null) await note({ phase: 'stopping' });
  await node.end(GRACE_MS);
  await note(reason === null ? { phase: 'stopped' } : { phase: 'failed', reason });
}

async function claim(stateDir: string, me: string) {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    return await claimLock(stateDir, me);
  } catch (error) {
    const hint = 'Let XDG_STATE_HOME name a folder that can be written to.';
    throw notWritten('STATE_NOT_WRITTEN', `the folder ${stateDir}`, error, hint);
  }
}

/** A keeper before this one may have been killed, and its node may still run on this data. */
function endLeftovers(folder: string, before: KeptState | null): Promise<void> {
  // RabbitMQ deletes its own note of the number early in its stop; ours is not written before it is ready.
  const pids = [before?.node?.pid ?? 0, pidIn(layoutOf(folder)) ?? 0];
  return endProcesses(folder, [], { pids, graceMs: GRACE_MS });
}

async function start({ settings, env, stop }: KeeperContext, state: KeptState): Promise<LiveNode> {
  return startNode(
    {
      folder: dataFolderOf(settings.folder),
      name: state.nodeName,
      mode: 'kept',
      fresh: !state.hasData,
      graceMs: GRACE_MS,
      fixedPorts: settings.fixedPorts,
      portsBefore: state.ports ?? undefined,
      extraConfig: settings.extraConfig,
      plugins: settings.plugins,
      env,
    },
    stop,
  );
}
