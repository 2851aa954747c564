import { type ErrorKind, FairqError } from '../../core/errors/errors.js';
import type { FixedPorts } from './ports.js';
import { isRunningNode, type RunningNode } from './running-node.js';
import { isRecord, isStringList, parseJson } from './shapes.js';

/**
 * A keeper is started with its settings as its one argument, and with an IPC channel. It sends `ready`,
 * `swept`, `failed` or `held` once, and `died` after `ready` when the node ends by itself. A parent that wants a
 * throw-away node gone sends `STOP`, or goes: the end of the channel says the same. The keeper's exit says
 * that everything has been removed; `failed` before it, what could not be.
 */
export const STOP = 'stop';

/** `sweep` ends what the killed keeper of a kept node has left running, and nothing else. */
export type KeeperMode = 'throw-away' | 'kept' | 'sweep';

export interface KeeperSettings {
  readonly mode: KeeperMode;
  /** Throw-away: where its folder is made. Else the folder that has state and data. Absolute. */
  readonly folder: string;
  readonly fixedPorts: FixedPorts;
  readonly extraConfig: readonly string[];
  readonly plugins: readonly string[];
}

export type KeeperMessage =
  | { readonly type: 'ready'; readonly node: RunningNode }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'swept' }
  /** Another keeper has this kept node. */
  | { readonly type: 'held' }
  | { readonly type: 'died'; readonly reason: string };

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export function plainError({ kind, code, message, hint }: FairqError): PlainError {
  return { kind, code, message, hint: hint ?? null };
}

export function errorOf({ kind, code, message, hint }: PlainError): FairqError {
  return new FairqError(kind, code, message, hint === null ? {} : { hint });
}

const KINDS: Readonly<Record<ErrorKind, true>> = {
  usage: true,
  unreachable: true,
  refused: true,
  partial: true,
  'check-failed': true,
  interrupted: true,
};

/** Null for what a keeper does not send. */
export function parseMessage(value: unknown): KeeperMessage | null {
  if (!isRecord(value)) return null;
  const { type, node, error, reason } = value;
  if (type === 'ready' && isRunningNode(node)) return { type, node };
  if (type === 'failed' && isPlainError(error)) return { type, error };
  if (type === 'held' || type === 'swept') return { type };
  if (type === 'died' && typeof reason === 'string') return { type, reason };
  return null;
}

export function parseSettings(text: string | undefined): KeeperSettings {
  const value = parseJson(text ?? '');
  if (isRecord(value)) {
    const { mode, folder, fixedPorts, extraConfig, plugins } = value;
    const modeIsKnown = mode === 'throw-away' || mode === 'kept' || mode === 'sweep';
    const areLists = isStringList(extraConfig) && isStringList(plugins);
    if (modeIsKnown && typeof folder === 'string' && isFixedPorts(fixedPorts) && areLists) {
      return { mode, folder, fixedPorts, extraConfig, plugins };
    }
  }
  throw new TypeError('The keeper is started by fairq, with its settings; it is not a command.');
}

function isPlainError(value: unknown): value is PlainError {
  return (
    isRecord(value) &&
    typeof value.kind === 'string' &&
    Object.hasOwn(KINDS, value.kind) &&
    typeof value.code === 'string' &&
    typeof value.message === 'string' &&
    (value.hint === null || typeof value.hint === 'string')
  );
}

function isFixedPorts(value: unknown): value is FixedPorts {
  return isRecord(value) && isPort(value.port) && isPort(value.managementPort);
}

function isPort(value: unknown): boolean {
  return value === undefined || typeof value === 'number';
}
