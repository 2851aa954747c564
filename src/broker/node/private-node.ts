import { tmpdir } from 'node:os';
import { resolve as absolute } from 'node:path';
import type { FairqError } from '../../core/errors/errors.js';
import { errorOf, parseMessage, STOP } from './keeper-protocol.js';
import { checkFixedPorts } from './ports.js';
import { type NodeOptions, type RunningNode, USUAL_PLUGINS } from './running-node.js';
import { type Keeper, spawnKeeper } from './spawn-keeper.js';

export type { NodeOptions, RunningNode } from './running-node.js';

export interface ThrowAwayNode extends RunningNode {
  /** Resolves when its processes and its folder have gone. May be called more than once. */
  stop(): Promise<void>;
  /** Resolves with the reason when the node goes by itself, and never when it is stopped. */
  readonly died: Promise<string>;
}

/**
 * Starts a RabbitMQ node that nobody else knows of, and resolves when AMQP and management answer, after
 * about 4 s. It goes without a trace when it is stopped and when this process ends, however it ends; it
 * does not keep this process from ending. Throws `PORT_TAKEN`, `NO_RABBITMQ` or `NODE_START_FAILED`.
 */
export async function startThrowAwayNode(options: NodeOptions = {}): Promise<ThrowAwayNode> {
  const { port, managementPort, dataParent = tmpdir(), extraConfig = [], plugins = USUAL_PLUGINS } = options;
  const fixedPorts = { port, managementPort };
  await checkFixedPorts(fixedPorts);
  const keeper = spawnKeeper({
    mode: 'throw-away',
    folder: absolute(dataParent),
    fixedPorts,
    extraConfig,
    plugins,
  });
  const word = await keeper.firstWord;
  if (word.type !== 'ready') {
    // It has cleaned up by the time it ends.
    await keeper.ended;
    throw word.type === 'failed' ? errorOf(word.error) : new Error(`The keeper said ${word.type}.`);
  }
  return throwAwayNode(keeper, word.node);
}

function throwAwayNode({ process: child, ended }: Keeper, node: RunningNode): ThrowAwayNode {
  let stopped: Promise<void> | undefined;
  let failure: FairqError | undefined;
  const died = new Promise<string>((resolve) => {
    child.on('message', (value) => {
      const message = parseMessage(value);
      if (message?.type === 'died' && stopped === undefined) resolve(message.reason);
      if (message?.type === 'failed') failure = errorOf(message.error);
    });
    void ended.then(({ how }) => {
      if (stopped === undefined) resolve(`The process that kept it ${how}`);
    });
  });
  child.unref();
  child.channel?.unref();
  const stop = async () => {
    // While it is being stopped this process has to wait for it.
    child.ref();
    child.channel?.ref();
    if (child.connected) child.send(STOP, () => {});
    const { clean } = await ended;
    if (!clean && failure !== undefined) throw failure;
  };
  return {
    ...node,
    died,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
