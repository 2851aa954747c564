import { Command, CommanderError } from 'commander';
import { addGlobalOptions } from '../commands/flags/global-options.js';
import { registerCommands } from '../commands/register.js';
import type { Action, CommandResult, Context } from '../commands/shared/context.js';
import { Interrupts } from '../commands/shared/interrupt.js';
import { Log } from '../commands/shared/log.js';
import type { Config } from '../config/config.js';
import { FairqError, messageOf, usageError } from '../core/errors/errors.js';
import { EXIT_OK, exitCodeOf, exitCodeOfKind } from '../core/errors/exit-code.js';
import { explainDisk } from '../core/errors/file-errors.js';
import { jsonText } from '../core/values/written-json.js';
import type { Io } from '../process/io.js';
import { systemClock } from '../process/system-clock.js';
import { VERSION } from '../process/version.js';
import { safeLines } from '../render/parts/safe-text.js';
import { flushSpans } from '../tracing/flush-spans.js';

/**
 * argv → command → report → text and exit code.
 *
 * @returns the exit code; what the command has left open by then, where it was cut off, ends with the process
 */
export async function main(io: Io): Promise<number> {
  let exitCode = EXIT_OK;
  /** What was asked for instead of a command's work: help, or the version. */
  let help = '';
  let verbose = false;
  let interrupts: Interrupts | undefined;
  const log = new Log(io, systemClock);
  const program = new Command('fairq')
    .description('Fair per-user task queues on RabbitMQ: publish, work, list, and prove who waits for whom.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('Try the same with --help.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        help += text;
      },
      writeErr: (text) => io.err(safeLines(text)),
    });
  addGlobalOptions(program);

  const run =
    <Flags>(load: () => Promise<Action<Flags>>) =>
    async (flags: Flags): Promise<void> => {
      const context = makeContext(io, log, program.opts());
      ({ verbose, interrupts } = context);
      const ended = interrupts.begin(load(), (action) => action(flags, context));
      const result = await Promise.race([ended, interrupts.cutOff]);
      await write(result, context);
      if (result.endsAs !== undefined) exitCode = exitCodeOfKind(result.endsAs);
    };
  registerCommands(program, run);
  program.addHelpText(
    'after',
    '\nExit codes: 0 done (a worker, top or --watch that is told to stop too), 1 unexpected, 3 partly, 64 usage,\n69 unreachable, 77 refused, 99 check failed, 130 interrupted (a publish, a wait, a bench).',
  );

  try {
    if (!io.argvIsText) throw notText();
    await program.parseAsync(io.argv).catch((error) => {
      if (!(error instanceof CommanderError)) throw error;
      exitCode = error.exitCode === 0 ? EXIT_OK : exitCodeOfKind('usage');
    });
    await io.out(help);
    return exitCode;
  } catch (thrown) {
    const error = explainDisk(thrown);
    const isVerbose = verbose || io.argv.includes('--verbose') || io.argv.includes('-v');
    const said = error instanceof FairqError ? error : await saidByBroker(error);
    explain(said, isVerbose, log);
    return exitCodeOf(said);
  } finally {
    interrupts?.end();
    await flushSpans();
  }
}

function makeContext(io: Io, log: Log, options: Readonly<Record<string, unknown>>): Context {
  const json = options.json === true;
  const quiet = options.quiet === true;
  const verbose = options.verbose === true;
  const plain = options.color === false || (io.env.NO_COLOR ?? '') !== '' || io.env.TERM === 'dumb';
  const inCi = (io.env.CI ?? '') !== '';
  const locale = io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || '';
  const warn: Context['warn'] = (text, fields) => log.line('warning', text, fields);
  const say: Context['say'] = (text, fields) => {
    if (!quiet) log.line('info', text, fields);
  };
  let config: Promise<Config> | undefined;
  return {
    io,
    clock: systemClock,
    interrupts: new Interrupts(io, say),
    log,
    json,
    style: {
      columns: Math.max(40, io.columns),
      color: io.stdoutIsTerminal && !plain,
      // A machine that says nothing of its locale, such as a container, shows UTF-8 all the same.
      unicode: locale === '' || /utf-?8/i.test(locale),
    },
    // ora counts lines by the width, and for one of 0 (`script`, a serial line) it would count for ever.
    liveProgress: io.stderrIsTerminal && io.stderr.columns !== 0 && !inCi && !quiet && !json,
    quiet,
    verbose,
    mayAsk: options.input !== false && io.stdinIsTerminal && io.stderrIsTerminal,
    config: () => {
      config ??= loadConfig(io, options, warn);
      return config;
    },
    warn,
    fail: (text) => log.line('info', text),
    say,
    detail: (text) => {
      if (verbose) log.line('detail', text);
    },
  };
}

async function loadConfig(
  io: Io,
  options: Readonly<Record<string, unknown>>,
  warn: (text: string) => void,
): Promise<Config> {
  const { resolveConfig } = await import('../config/config.js');
  const config = await resolveConfig(options, io.env, async () => {
    const { defaultStateDir, keptNodeStatus } = await import('../broker/node/kept-node.js');
    const { running, uri, managementUri } = await keptNodeStatus(defaultStateDir(io.env));
    return running && uri !== null && managementUri !== null ? { uri, managementUri } : undefined;
  });
  for (const warning of config.warnings) warn(warning);
  return config;
}

async function write(result: CommandResult, context: Context): Promise<void> {
  const text = context.json ? jsonText(result.document) : result.text(context.style);
  if (text !== '') await context.io.out(`${text}\n`);
}

function notText(): FairqError {
  return usageError('NOT_UTF8', 'something on the command line is not UTF-8', {
    hint: 'Write names in UTF-8, or give them in a file that is: what cannot be read would be replaced, and two users become one.',
  });
}

/** No answer of the broker is a defect of fairq, wherever it comes up. */
async function saidByBroker(error: unknown): Promise<unknown> {
  const { asRefusal } = await import('../broker/connection/broker-said.js');
  return asRefusal(error) ?? error;
}

/** What happened, and what to do next; the stack only where it was asked for. */
function explain(error: unknown, verbose: boolean, log: Log): void {
  const stack = verbose && error instanceof Error ? String(error.stack) : undefined;
  if (error instanceof FairqError) {
    const { message, hint, code } = error;
    const lines = [message];
    if (hint !== undefined) lines.push(`  ${hint}`);
    if (verbose) lines.push(`  [${code}] ${stack ?? ''}`);
    log.line('error', lines.join('\n'), { message, hint, code, stack });
    return;
  }
  const message = `unexpected: ${messageOf(error)}`;
  const hint = 'This is a defect of fairq. Run the command again with --verbose and report what it prints.';
  log.line('error', [message, stack ?? `  ${hint}`].join('\n'), { message, hint, stack });
}
