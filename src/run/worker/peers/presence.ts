import type { Connection } from '../../../broker/connection/connection.js';
import type { LastingChannel } from '../../../broker/connection/lasting-channel.js';
import {
  announce,
  type ControlMessage,
  listen,
  type RunningTask,
  WORKER_SAYS_EVERY_MS,
  type WorkerPresence,
} from '../../../broker/control/control.js';
import type { ToldHeldTask } from '../../../broker/control/held-answer.js';
import {
  type RunningAnswer,
  type RunningQuestion,
  toldText,
} from '../../../broker/control/running-question.js';
import type { TasksAtWorker } from '../../../core/events/whereabouts.js';
import type { Names } from '../../../core/queues/names.js';
import type { Clock } from '../../../core/values/clock.js';
import { Peers } from './peers.js';

export interface PresenceListener {
  /** Names of the queues that this worker has taken up. */
  queues(): Iterable<string>;
  /** A publisher has made a queue. */
  onQueue(queue: string): void;
  /** A pruner wants these queues to be left alone; resolves with what has become of them. */
  onLeave(queues: readonly string[]): Promise<{ readonly left: string[]; readonly kept: string[] }>;
  /** Somebody asks for a task: where it stands, if it runs here. */
  onTask(id: string): RunningTask | undefined;
  /** The same: if it is held back here. */
  onHeldTask(id: string): ToldHeldTask | undefined;
  /** A worker has spoken, this one too: what it says comes back to it. */
  onWorker(id: string): void;
  /** Somebody asks what runs here for so long; of all of it at most so many, what runs for longest first. */
  onRunning(longerThanMs: number, limit: number): Pick<RunningAnswer, 'total' | 'tasks'>;
  /** Somebody wants to know where all tasks are. */
  onCensus(): readonly TasksAtWorker[];
  /** Another worker has come, gone or changed. */
  onPeers(): void;
  /** Nothing was heard for a while, and now it is again: what others made meanwhile is not known. */
  onHearAgain(): void;
  onFailure(error: Error): void;
}

export type OwnState = Pick<WorkerPresence, 'free' | 'busy' | 'ready' | 'longest'>;

/** What a worker tells the others about itself, and hears of them. */
export class Presence {
  readonly peers: Peers;
  #channel: LastingChannel | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly own: Omit<WorkerPresence, keyof OwnState>,
    private readonly state: () => OwnState,
    private readonly clock: Clock,
    private readonly listener: PresenceListener,
  ) {
    this.peers = new Peers(own, names, () => listener.queues());
  }

  async open(): Promise<void> {
    this.#channel = await listen(this.connection, this.names, {
      onMessage: (message) => this.#heard(message),
      onOpen: () => {
        if (this.#channel === undefined) return;
        this.say();
        this.listener.onHearAgain();
      },
      onFailure: (error) => this.listener.onFailure(error),
    });
    this.say();
    this.#timer = setInterval(() => {
      this.peers.forgetSilent(this.clock.now());
      this.say();
    }, WORKER_SAYS_EVERY_MS);
  }

  say(): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    announce(channel, this.names, { kind: 'worker', worker: { ...this.own, ...this.state() } });
  }

  sayGoodbye(): void {
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.names, { kind: 'bye', id: this.own.id });
    this.close();
  }

  /** Says nothing from here on. */
  close(): void {
    clearInterval(this.#timer);
    this.#channel?.close();
  }

  #heard(message: ControlMessage): void {
    switch (message.kind) {
      case 'queue':
        this.listener.onQueue(message.queue);
        return;
      case 'bye':
        this.peers.gone(message.id);
        break;
      case 'leave':
        this.#leave(message.request, message.queues).catch((error) => this.listener.onFailure(error));
        return;
      case 'task':
        this.#tellOfTask(message.request, message.id);
        return;
      case 'running':
        this.#tellWhatRuns(message);
        return;
      case 'census':
        this.#tellOfAll(message.request);
        return;
      case 'left':
      case 'runs':
      case 'held':
      case 'here':
      case 'all-running':
        return;
      case 'worker':
        this.listener.onWorker(message.worker.id);
        // Who is new here has not heard of us either.
        if (this.peers.heard(message.worker, this.clock.now())) this.say();
        break;
    }
    this.listener.onPeers();
  }

  /** Only who has it answers. */
  #tellOfTask(request: string, id: string): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const [runs, held] = [this.listener.onTask(id), this.listener.onHeldTask(id)];
    const by = { request, worker: this.own.name };
    if (runs !== undefined) announce(channel, this.names, { kind: 'runs', ...by, task: runs });
    else if (held !== undefined) announce(channel, this.names, { kind: 'held', ...by, task: held });
  }

  /** Everybody answers, so that who asks knows of whom there was no answer. */
  #tellWhatRuns({ request, longerThanMs, limit }: RunningQuestion): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const { id, name } = this.own;
    const running = this.listener.onRunning(longerThanMs, limit);
    announce(channel, this.names, {
      ...{ kind: 'all-running', request, worker: id, name: toldText(name) },
      ...running,
    });
  }

  #tellOfAll(request: string): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const tasks = this.listener.onCensus();
    announce(channel, this.names, { kind: 'here', request, worker: this.own.id, tasks });
  }

  async #leave(request: string, queues: readonly string[]): Promise<void> {
    const answer = await this.listener.onLeave(queues);
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    announce(channel, this.names, { kind: 'left', request, worker: this.own.id, ...answer });
  }
}
