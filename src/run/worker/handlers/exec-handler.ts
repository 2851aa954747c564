import { NonRetryableError } from '../../../core/message/non-retryable-error.js';
import { WrittenJson } from '../../../core/values/written-json.js';
import { activeTrace } from '../../../tracing/open-telemetry.js';
import type { Handler, Handlers, TaskContext } from './handlers.js';
import type { ProgramEnd, ProgramOptions } from './program.js';
import { ProgramGuard } from './program-guard.js';
import { ProgramStarter } from './program-starter.js';

/** How much of what a failed program wrote to stderr is kept. */
const STDERR_KEPT_BYTES = 4_096;
/** Settings of this fairq, its password among them, and the trace that it was started in: nothing of a task's. */
const OWN_VARIABLE = /^FAIRQ_|^TRACE(?:PARENT|STATE)$/;

export interface ExecOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of stdout, this many are read at the most. */
  readonly resultBytes: number;
  /** Whether somebody is sent the result: a part of it will not do, and more than that fails the task. */
  readonly isWhole: boolean;
  /** From SIGTERM to SIGKILL for a program that is to end. */
  readonly killAfterMs: number;
  onWarning(text: string): void;
}

/**
 * `--exec CMD`: a program for each task, through the shell. It gets the payload on stdin and the
 * task's facts as FAIRQ_TASK_* variables, and its trace as TRACEPARENT and TRACESTATE; exit code 0 is done, with what it wrote to stdout as the result, and
 * anything else is a failure whose reason is the end of what it wrote to stderr.
 */
export function execHandlers(command: string, options: ExecOptions): Handlers {
  const { environment, resultBytes, isWhole, killAfterMs, onWarning } = options;
  const inherited = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !OWN_VARIABLE.test(name)),
  );
  const guard = new ProgramGuard(environment.PATH, (reason) =>
    onWarning(
      `if this worker is killed, its programs will live on: what was to end them has ended (${reason})`,
    ),
  );
  const starter = new ProgramStarter(onWarning);
  const running = new Set<Promise<unknown>>();
  const run = async (program: ProgramOptions, { signal }: TaskContext): Promise<unknown> => {
    const end = await (await starter.start(program, signal)).end(signal);
    return outcomeOf(end, resultBytes, isWhole);
  };
  const handler: Handler = (payload, context) => {
    const env = { ...inherited, ...factsOf(context) };
    const result = run(
      {
        command,
        env,
        guard,
        killAfterMs,
        input: payload.bytes,
        stdoutBytes: resultBytes,
        stderrBytes: STDERR_KEPT_BYTES,
      },
      context,
    );
    const ended = result.catch(() => {}).finally(() => running.delete(ended));
    running.add(ended);
    return result;
  };
  return {
    find: () => handler,
    names: [command],
    endsWhenTold: true,
    allEnded: async () => {
      await Promise.all(running);
    },
  };
}

function factsOf(context: TaskContext): Record<string, string> {
  const { id, type, user, run, attempt } = context;
  // Where this run has a span, the program is a part of it.
  const { traceparent, tracestate } = activeTrace() ?? context;
  return {
    FAIRQ_TASK_ID: id,
    FAIRQ_TASK_NAME: type,
    FAIRQ_TASK_USER: user,
    FAIRQ_TASK_RUN: run,
    FAIRQ_TASK_ATTEMPT: String(attempt),
    ...(traceparent !== undefined && { TRACEPARENT: traceparent }),
    ...(tracestate !== undefined && { TRACESTATE: tracestate }),
  };
}

/** @throws Error with the reason why the task has failed */
function outcomeOf(
  { code, signal, stdout, stdoutSize, stderr }: ProgramEnd,
  mostBytes: number,
  isWhole: boolean,
): unknown {
  if (code === 0 && isWhole && stdoutSize > mostBytes) {
    throw new NonRetryableError(`it has run, and wrote more than ${mostBytes} bytes: too much for an answer`);
  }
  if (code === 0) return resultOf(stdout, mostBytes);
  const how = signal ? `killed by ${signal}` : `exit code ${code}`;
  throw new Error([how, stderr.toString('utf8').trim()].filter((part) => part !== '').join(': '));
}

/** JSON as it was written, where it is that, else the text, or the bytes where it is no text; nothing where there was nothing. */
function resultOf(bytes: Buffer, mostBytes: number): unknown {
  if (bytes.length === 0) return undefined;
  if (bytes.length > mostBytes) return bytes; // not all of it, and too much
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return bytes;
  try {
    JSON.parse(text);
    return WrittenJson.of(text);
  } catch {
    return text.replace(/\r?\n$/, '');
  }
}
