import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unreachableError } from '../../core/errors/errors.js';
import { type KeeperMessage, type KeeperSettings, parseMessage } from './keeper-protocol.js';

export interface Keeper {
  readonly process: ChildProcess;
  /** `ready`, `swept`, `failed` or `held`. Rejects when it ends without a word. */
  readonly firstWord: Promise<KeeperMessage>;
  /** Resolves when it has ended: `clean` is false when something could not be removed. */
  readonly ended: Promise<{ readonly clean: boolean; readonly how: string }>;
}

/** Starts a keeper in a session of its own, out of reach of the terminal's signals. */
export function spawnKeeper(settings: KeeperSettings): Keeper {
  const child = fork(fileURLToPath(new URL('./keeper.js', import.meta.url)), [JSON.stringify(settings)], {
    detached: true,
    // A debugger's port, say, is the parent's alone.
    execArgv: [],
    // A folder that the node's starter was in must not be held by it for good.
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise<{ clean: boolean; how: string }>((resolve) => {
    child.once('error', (error) => resolve({ clean: true, how: `could not be started: ${error.message}` }));
    child.once('exit', (code, signal) =>
      resolve({
        clean: code === 0,
        how: signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`,
      }),
    );
  });
  const firstWord = new Promise<KeeperMessage>((resolve, reject) => {
    child.once('message', (value) => {
      const message = parseMessage(value);
      if (message !== null) resolve(message);
    });
    void ended.then(({ how }) =>
      reject(
        unreachableError('NODE_KEEPER_FAILED', `The process that keeps the private RabbitMQ node ${how}.`, {
          hint: 'Start it again, or set FAIRQ_URI to a broker that is already running.',
        }),
      ),
    );
  });
  // Not everybody waits for it.
  firstWord.catch(() => {});
  return { process: child, firstWord, ended };
}
