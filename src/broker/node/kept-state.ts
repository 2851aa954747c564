import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf } from './layout.js';
import type { NodePorts } from './ports.js';
import { isRunningNode, type RunningNode } from './running-node.js';
import { isRecord, parseJson } from './shapes.js';
import { throwUnlessMissing } from './unread-state.js';

/**
 * What is known of a kept node, in `state.json` of its folder. Only the keeper that holds the lock writes
 * it. A keeper that is killed leaves its last word, so a reader asks first whether that keeper still runs.
 */
export interface KeptState {
  readonly phase: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  /** The identity (see processes.ts) of the keeper that wrote this. */
  readonly keeper: string;
  /** For good: RabbitMQ's data belongs to a node name. */
  readonly nodeName: string;
  readonly ports: NodePorts | null;
  /** Its last successful start. */
  readonly node: RunningNode | null;
  /** False until a start has succeeded: what a first start leaves that does not is worth nothing. */
  readonly hasData: boolean;
  /** Why the node failed to start, or ended by itself. */
  readonly reason: string | null;
}

const PHASES: readonly string[] = [
  'starting',
  'running',
  'stopping',
  'stopped',
  'failed',
] satisfies KeptState['phase'][];

/** The node's own folder, with its data, inside the folder of its state. */
export function dataFolderOf(stateDir: string): string {
  return join(stateDir, 'node');
}

/** The node that the data on disk belongs to, by its folder there: for a state file that was lost. */
export async function nodeNameInData(stateDir: string): Promise<string | null> {
  try {
    const names = await readdir(layoutOf(dataFolderOf(stateDir)).data);
    return names.find((name) => /^fairq-[0-9a-f]+@localhost$/.test(name)) ?? null;
  } catch {
    return null;
  }
}

/** Null when there is none, or none that makes sense. Throws `STATE_NOT_READ`. */
export async function readState(stateDir: string): Promise<KeptState | null> {
  let text: string;
  try {
    text = await readFile(stateFile(stateDir), 'utf8');
  } catch (error) {
    throwUnlessMissing(stateFile(stateDir), error);
    return null;
  }
  const value = parseJson(text);
  return isKeptState(value) ? value : null;
}

/** Whole or not at all: a reader never sees half of it. */
export async function writeState(stateDir: string, state: KeptState): Promise<void> {
  const half = `${stateFile(stateDir)}.new`;
  await writeFile(half, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(half, stateFile(stateDir));
}

function stateFile(stateDir: string): string {
  return join(stateDir, 'state.json');
}

function isKeptState(value: unknown): value is KeptState {
  return (
    isRecord(value) &&
    typeof value.phase === 'string' &&
    PHASES.includes(value.phase) &&
    typeof value.keeper === 'string' &&
    typeof value.nodeName === 'string' &&
    (value.ports === null || isNodePorts(value.ports)) &&
    (value.node === null || isRunningNode(value.node)) &&
    typeof value.hasData === 'boolean' &&
    (value.reason === null || typeof value.reason === 'string')
  );
}

function isNodePorts(value: unknown): value is NodePorts {
  return (
    isRecord(value) && ['amqp', 'management', 'dist', 'epmd'].every((name) => typeof value[name] === 'number')
  );
}
