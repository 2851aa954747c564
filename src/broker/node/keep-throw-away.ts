import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FairqError, messageOf, partialError, usageError } from '../../core/errors/errors.js';
import { type KeeperContext, stopRequest } from './keeper-context.js';
import { type LiveNode, startNode } from './start-node.js';

/** Keeps a node until its parent goes or asks, or until it ends by itself; then removes every trace of it. */
export async function keepThrowAway(context: KeeperContext): Promise<void> {
  const folder = await makeFolder(context.settings.folder);
  try {
    await keepIn(folder, context);
  } catch (error) {
    // Stopped while it started: that is what was asked for.
    if (!(error instanceof FairqError && error.kind === 'interrupted')) throw error;
  } finally {
    await remove(folder);
  }
}

async function keepIn(folder: string, { settings, env, stop, tell }: KeeperContext): Promise<void> {
  const node = await startNode(
    {
      folder,
      name: `fairq-${randomBytes(4).toString('hex')}@localhost`,
      mode: 'throw-away',
      fresh: true,
      graceMs: 0,
      fixedPorts: settings.fixedPorts,
      portsBefore: undefined,
      extraConfig: settings.extraConfig,
      plugins: settings.plugins,
      env,
    },
    stop,
  );
  try {
    await tell({ type: 'ready', node: node.facts });
    const reason = await Promise.race([node.ended, stopRequest(stop)]);
    if (reason !== null) await tell({ type: 'died', reason });
  } finally {
    await end(node, folder);
  }
}

async function makeFolder(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, 'fairq-node-'));
  } catch (error) {
    throw usageError(
      'NO_DATA_FOLDER',
      `No folder for the private node can be made in ${parent}: ${messageOf(error)}.`,
      {
        hint: 'Set TMPDIR to a folder that exists and can be written to.',
        cause: error,
      },
    );
  }
}

async function end(node: LiveNode, folder: string): Promise<void> {
  try {
    await node.end(0);
  } catch (error) {
    throw partialError(
      'NODE_LEFT_BEHIND',
      `The private node in ${folder} could not be ended: ${messageOf(error)}.`,
      {
        hint: `\`kill -9 ${node.facts.pid}\` ends it.`,
        cause: error,
      },
    );
  }
}

async function remove(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  } catch (error) {
    throw partialError('NODE_LEFT_BEHIND', `${folder} could not be removed: ${messageOf(error)}.`, {
      hint: 'It held the data of a private node that has ended. Remove it by hand.',
      cause: error,
    });
  }
}
