import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { type BrokerAddress, managementUriOf, uriOf } from '../../broker/connection/address.js';
import { exitCodeOfKind } from '../../core/errors/exit-code.js';

/** What a command ends with that was asked to. */
const EXIT_INTERRUPTED = exitCodeOfKind('interrupted');
/** What a worker ends with whose load has tasks that fail: how they fare is for the bench to judge. */
const EXIT_PARTLY_DONE = exitCodeOfKind('partial');

/** How to start fairq itself. */
export interface Self {
  readonly node: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Kept of what it wrote to stderr, for the message if it fails. */
const STDERR_KEPT = 4_000;

/**
 * A fairq command in a process of its own, as a user would start one. It holds an IPC channel to us,
 * and stops when that breaks: a bench that is killed leaves nobody behind.
 */
export class FairqProcess<Document> {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #stopped = false;
  #killed = false;
  /** What it printed at its end; undefined before that. */
  document: Document | undefined;
  /** Resolves when it ends well, by itself or after `stop`, and when it was killed; rejects otherwise. */
  readonly ended: Promise<void>;

  constructor(self: Self, address: BrokerAddress, prefix: string, args: readonly string[]) {
    this.#child = spawn(self.node, [self.script, '--json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...self.env,
        // The address goes by environment: a command line can be read by everybody.
        FAIRQ_URI: uriOf(address),
        FAIRQ_MANAGEMENT_URI: managementUriOf(address),
        FAIRQ_VHOST: address.vhost,
        FAIRQ_PREFIX: prefix,
        ...tlsEnvironment(address),
      },
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString('utf8');
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        if (this.#killed) {
          resolve();
          return;
        }
        if (
          code === 0 ||
          (code === EXIT_PARTLY_DONE && args[0] === 'worker') ||
          (this.#stopped && code === EXIT_INTERRUPTED)
        ) {
          this.document = JSON.parse(this.#stdout) as Document;
          resolve();
          return;
        }
        const how = signal ?? `exit code ${code}`;
        reject(
          new Error(`fairq ${args[0]}, started by the bench, ended with ${how}: ${this.#stderr.trim()}`),
        );
      });
    });
    this.ended.catch(() => {});
  }

  /** Resolves when this has come on its stderr, or it has ended. */
  async said(text: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const look = () => {
        if (!this.#stderr.includes(text)) return;
        this.#child.stderr?.off('data', look);
        resolve();
      };
      this.#child.stderr?.on('data', look);
      look();
    });
    await Promise.race([heard, this.ended]);
  }

  /**
   * Lets everybody else go first: who makes the load is elsewhere in life, and shares the processors only
   * with a bench.
   */
  giveWay(): void {
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW);
  }

  /** Asks it to end well: a worker finishes what runs and gives back the rest. */
  stop(): void {
    this.#stopped = true;
    this.#child.kill('SIGTERM');
  }

  /** Ends it now, if it still runs. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.ended.catch(() => {});
  }
}

/** Empty is as good as unset, so that the parent's flags also win over what the child inherits. */
function tlsEnvironment({ tls }: BrokerAddress): Record<string, string> {
  return {
    FAIRQ_TLS_CA_FILE: tls.files?.ca ?? '',
    FAIRQ_TLS_CERT_FILE: tls.files?.cert ?? '',
    FAIRQ_TLS_KEY_FILE: tls.files?.key ?? '',
    FAIRQ_INSECURE: String(tls.insecure),
  };
}
