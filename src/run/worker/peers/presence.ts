import type { ReconnectingChannel } from '../../../broker/connection/reconnecting-channel.js';
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
import type { Because, WhyQuestion } from '../../../broker/control/why.js';
import type { TasksAtWorker } from '../../../core/events/whereabouts.js';
import type { LightTasks } from '../../../core/top/light-tasks.js';
import type { ChannelDeps } from '../worker-contract.js';
import type { Peers } from './peers.js';

/** What a worker says of itself, and answers to others who ask. */
export interface Answers {
  /** What changes of what it says of itself. */
  state(): OwnState;
  /** A pruner wants these queues to be left alone; resolves with what has become of them. */
  leave(queues: readonly string[]): Promise<{ readonly left: string[]; readonly kept: string[] }>;
  /** Where a task stands, if it runs here. */
  running(id: string): RunningTask | undefined;
  /** The same: if it is held back here. */
  heldBack(id: string): ToldHeldTask | undefined;
  /** What runs here for so long; of all of it at most so many, what runs for longest first. */
  longestRunning(longerThanMs: number, limit: number): Pick<RunningAnswer, 'total' | 'tasks'>;
  /** What is known here of why something waits. */
  because(question: WhyQuestion): Because;
  /** What waits here of users that share queues. */
  light(): LightTasks;
  /** Where all tasks are. */
  census(): readonly TasksAtWorker[];
}

export interface PresenceListener {
  /** A publisher has made a queue. */
  onQueue(queue: string): void;
  /** A worker has spoken, this one too: what it says comes back to it. */
  onWorker(id: string): void;
  /** Another worker has come, gone or changed. */
  onPeers(): void;
  /** Nothing was heard for a while, and now it is again: what others made meanwhile is not known. */
  onHearAgain(): void;
  /** Somebody asks who goes by this revision of the policy. */
  onPolicyAsked(revision: number): void;
  onFailure(error: Error): void;
}

/** What stays the same of it. */
export type OwnPresence = Omit<WorkerPresence, keyof OwnState>;

export type OwnState = Pick<WorkerPresence, 'free' | 'busy' | 'ready' | 'longest' | 'policy'>;

/** A worker that can answer, and wants to hear. */
interface Begun {
  readonly answers: Answers;
  readonly listener: PresenceListener;
}

/** What a worker says of itself before it can say more. */
const BEGINNING: OwnState = { free: 0, busy: 0, ready: false, longest: undefined };

/** What a worker tells the others about itself, and hears of them. */
export class Presence {
  /** Undefined until it hears the others. */
  #channel: ReconnectingChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Undefined until the worker can answer; what is heard until then waits. */
  #worker: Begun | undefined;
  #waiting: ControlMessage[] = [];
  /** Its channel was lost before the worker could answer. */
  #mayHaveMissed = false;

  private constructor(
    private readonly deps: ChannelDeps,
    private readonly own: OwnPresence,
    private readonly peers: Peers,
  ) {}

  /**
   * Resolves when it hears the others, and has told them of itself. It answers nothing before `begin`.
   *
   * @param onFailure control messages cannot be heard any more
   */
  static async open(
    deps: ChannelDeps,
    own: OwnPresence,
    peers: Peers,
    onFailure: (error: Error) => void,
  ): Promise<Presence> {
    const presence = new Presence(deps, own, peers);
    presence.#channel = await listen(deps.connection, deps.names, {
      onMessage: (message) => presence.#arrived(message),
      onOpen: () => presence.#opened(),
      onFailure,
    });
    presence.say();
    presence.#timer = setInterval(() => {
      peers.forgetSilent(deps.clock.now());
      presence.say();
    }, WORKER_SAYS_EVERY_MS);
    return presence;
  }

  /** Answers from here on, and tells of what was heard since `open`. */
  begin(answers: Answers, listener: PresenceListener): void {
    const worker = { answers, listener };
    this.#worker = worker;
    if (this.#mayHaveMissed) listener.onHearAgain();
    for (const message of this.#waiting) this.#heard(message, worker);
    this.#waiting = [];
  }

  #opened(): void {
    if (this.#channel === undefined) return; // for the first time
    this.say();
    if (this.#worker === undefined) this.#mayHaveMissed = true;
    else this.#worker.listener.onHearAgain();
  }

  say(): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const state = this.#worker?.answers.state() ?? BEGINNING;
    announce(channel, this.deps.names, { kind: 'worker', worker: { ...this.own, ...state } });
  }

  /** Tells everybody something else. */
  tell(message: ControlMessage): void {
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.deps.names, message);
  }

  sayGoodbye(): void {
    this.tell({ kind: 'bye', id: this.own.id });
    this.close();
  }

  /** Says nothing from here on. */
  close(): void {
    clearInterval(this.#timer);
    this.#channel?.close();
  }

  #arrived(message: ControlMessage): void {
    if (this.#worker === undefined) this.#waiting.push(message);
    else this.#heard(message, this.#worker);
  }

  #heard(message: ControlMessage, { answers, listener }: Begun): void {
    switch (message.kind) {
      case 'queue':
        listener.onQueue(message.queue);
        return;
      case 'bye':
        this.peers.gone(message.id);
        break;
      case 'leave':
        this.#leave(message.request, message.queues, answers).catch((error) => listener.onFailure(error));
        return;
      case 'task':
        this.#tellOfTask(message.request, message.id, answers);
        return;
      case 'running':
        this.#tellWhatRuns(message, answers);
        return;
      case 'census':
        this.#tellOfAll(message.request, answers);
        return;
      case 'why':
        this.#tellWhy(message, answers);
        return;
      case 'light':
        this.#tellOfLight(message.request, answers);
        return;
      case 'left':
      case 'runs':
      case 'held':
      case 'here':
      case 'all-running':
      case 'because':
      case 'light-here':
      case 'grants-asked':
      case 'grants-held':
      case 'grants-go-on':
      case 'goes-by':
        return;
      case 'policy-asked':
        listener.onPolicyAsked(message.revision);
        return;
      case 'worker':
        listener.onWorker(message.worker.id);
        // Who is new here has not heard of us either.
        if (this.peers.heard(message.worker, this.deps.clock.now())) this.say();
        break;
    }
    listener.onPeers();
  }

  /** Only who has it answers. */
  #tellOfTask(request: string, id: string, answers: Answers): void {
    const [runs, held] = [answers.running(id), answers.heldBack(id)];
    const by = { request, worker: this.own.name };
    if (runs !== undefined) this.tell({ kind: 'runs', ...by, task: runs });
    else if (held !== undefined) this.tell({ kind: 'held', ...by, task: held });
  }

  /** Everybody answers, so that who asks knows of whom there was no answer. */
  #tellWhatRuns({ request, longerThanMs, limit }: RunningQuestion, answers: Answers): void {
    const { id, name } = this.own;
    const running = answers.longestRunning(longerThanMs, limit);
    this.tell({ kind: 'all-running', request, worker: id, name: toldText(name), ...running });
  }

  #tellOfAll(request: string, answers: Answers): void {
    this.tell({ kind: 'here', request, worker: this.own.id, tasks: answers.census() });
  }

  #tellOfLight(request: string, answers: Answers): void {
    this.tell({ kind: 'light-here', request, worker: this.own.id, ...answers.light() });
  }

  #tellWhy(question: WhyQuestion, answers: Answers): void {
    const { id, name } = this.own;
    const by = { request: question.request, worker: id, name: toldText(name) };
    this.tell({ kind: 'because', ...by, ...answers.because(question) });
  }

  async #leave(request: string, queues: readonly string[], answers: Answers): Promise<void> {
    const answer = await answers.leave(queues);
    this.tell({ kind: 'left', request, worker: this.own.id, ...answer });
  }
}
