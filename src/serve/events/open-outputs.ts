import { cutOff } from '../http/connections.js';
import type { OpenByUser } from '../http/open-by-user.js';
import { EventOutput } from './event-output.js';

/** A token that was taken back, or is over, ends its streams within this time. */
const ASK_AGAIN_MS = 5_000;

export interface OpenOutputsDeps {
  readonly onUnexpected: (error: unknown) => void;
  readonly closing: AbortSignal;
}

/** Whoever reads a stream. */
export interface Reader {
  readonly user: string;
  readonly request: Request;
  /** Whether whoever asks may still read it. */
  isStill(): Promise<boolean>;
}

export interface OpenOutput {
  readonly output: EventOutput;
  /** Is called when it ends, or at once where it has ended. */
  onEnd(end: () => void): void;
}

/** Server-sent events that are open: each for as long as whoever reads it may. */
export class OpenOutputs {
  readonly #outputs = new Set<EventOutput>();
  readonly #unread = { bytes: 0 };

  /** @param open counts them, so that nobody has all */
  constructor(
    private readonly deps: OpenOutputsDeps,
    private readonly open: OpenByUser,
  ) {
    deps.closing.addEventListener('abort', () => {
      for (const output of this.#outputs) output.end({ isServers: true });
    });
  }

  /**
   * @param id that whoever comes again before the first event resumes after
   * @throws Problem where too many are open
   */
  start({ user, request, isStill }: Reader, id?: string): OpenOutput {
    const leave = this.open.open(user);
    const asking = setInterval(() => {
      isStill().then(
        (still) => {
          if (!still) output.end();
        },
        (error) => this.deps.onUnexpected(error),
      );
    }, ASK_AGAIN_MS);
    const ends = [leave, () => clearInterval(asking)];
    const output: EventOutput = new EventOutput(
      {
        unread: this.#unread,
        cutOff: () => cutOff(request),
        onEnd: () => {
          this.#outputs.delete(output);
          for (const end of ends) end();
        },
      },
      id,
    );
    this.#outputs.add(output);
    const onEnd = (end: () => void): void => {
      if (output.hasEnded) end();
      else ends.push(end);
    };
    return { output, onEnd };
  }
}

export function answerOf(output: EventOutput): Response {
  return new Response(output.body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // a proxy hands on what comes as it comes
    },
  });
}
