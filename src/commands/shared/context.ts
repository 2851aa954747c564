import type { Config } from '../../config/config.js';
import type { ErrorKind } from '../../core/errors/errors.js';
import type { Clock } from '../../core/values/clock.js';
import type { Io } from '../../process/io.js';
import type { TextStyle } from '../../render/parts/style.js';
import type { Interrupts } from './interrupt.js';
import type { Log, LogFields } from './log.js';

/** What a command is given beside its own flags. */
export interface Context {
  readonly io: Io;
  readonly clock: Clock;
  readonly interrupts: Interrupts;
  readonly log: Log;
  readonly json: boolean;
  /** For what goes to stdout. */
  readonly style: TextStyle;
  /** Progress may be drawn on stderr: a terminal, not CI, neither --quiet nor --json. */
  readonly liveProgress: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** May questions be asked? */
  readonly mayAsk: boolean;
  /** Resolved on first use: not every command needs a broker. */
  config(): Promise<Config>;
  /** Something the user should know and that stops nothing. */
  warn(text: string, fields?: LogFields): void;
  /** Why the command ends as it does, where it did report: said also with --quiet. */
  fail(text: string): void;
  /** What happens, for people; silent with --quiet. */
  say(text: string, fields?: LogFields): void;
  /** Detail that only --verbose shows. */
  detail(text: string): void;
}

/** What a command has come to. `cli/main.ts` writes one of the two forms to stdout. */
export interface CommandResult {
  /** The document of `--json`. */
  readonly document: object;
  text(style: TextStyle): string;
  /** Where the command did report, and is to end with that kind's exit code all the same. */
  readonly endsAs?: ErrorKind | undefined;
}

export type Action<Flags> = (flags: Flags, context: Context) => Promise<CommandResult>;

/** Set by cli/main.ts: loads an action when its command runs, runs it, and writes what it returns. */
export type Run = <Flags>(load: () => Promise<Action<Flags>>) => (flags: Flags) => Promise<void>;
