import { type ChildProcess, spawn } from 'node:child_process';
import { type BrokerAddress, uriOf } from '../../broker/address.js';

/** How to start fairq itself. */
export interface Self {
  readonly node: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Kept of what a worker wrote to stderr, for the message if it fails. */
const STDERR_KEPT = 4_000;

/**
 * A worker in a process of its own, as a user would start one. It holds an IPC channel to us, and
 * stops when that breaks: a bench that is killed leaves no worker behind.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #stderr = '';
  /** Resolves when it ends with 0; rejects otherwise. */
  readonly ended: Promise<void>;

  constructor(self: Self, address: BrokerAddress, prefix: string, flags: readonly string[]) {
    this.#child = spawn(self.node, [self.script, 'worker', '--json', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...self.env,
        // The address goes by environment: a command line can be read by everybody.
        FAIRQ_URI: uriOf(address),
        FAIRQ_MANAGEMENT_URI: address.managementUri,
        FAIRQ_VHOST: address.vhost,
        FAIRQ_PREFIX: prefix,
      },
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else
          reject(
            new Error(
              `a worker of the bench ended with ${signal ?? `exit code ${code}`}: ${this.#stderr.trim()}`,
            ),
          );
      });
    });
    this.ended.catch(() => {});
  }

  /** Ends it now, if it still runs. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.ended.catch(() => {});
  }
}
