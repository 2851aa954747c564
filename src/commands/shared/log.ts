import type { Clock } from '../../core/values/clock.js';
import type { Io } from '../../process/io.js';
import { safeLines } from '../../render/parts/safe-text.js';

export type LogLevel = 'error' | 'warning' | 'info' | 'detail';

/** `plain`: the text alone; `timed`: with its time before it; `json`: an object a line. */
export type LogForm = 'plain' | 'timed' | 'json';

/** What a line says besides its text, for programs. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** All that is no visible character, and could do something to a terminal. */
const UNSHOWABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What is said on stderr. What goes on for days says when. */
export class Log {
  form: LogForm = 'plain';

  constructor(
    private readonly io: Io,
    private readonly clock: Clock,
  ) {}

  /** @param fields only in `json`; where `text` has more lines than one, they hold what the others say */
  line(level: LogLevel, text: string, fields: LogFields = {}): void {
    const time = new Date(this.clock.epochMicros() / 1_000).toISOString();
    if (this.form === 'json') {
      const [message] = text.split('\n', 1);
      this.io.err(`${safeJson({ time, level, message, ...fields })}\n`);
      return;
    }
    const kind = level === 'warning' || level === 'error' ? `${level}: ` : '';
    this.io.err(`${this.form === 'timed' ? `${time} ` : ''}${kind}${safeLines(text)}\n`);
  }
}

/** JSON of the same value in which no character does anything to a terminal. */
function safeJson(value: object): string {
  return JSON.stringify(value).replace(UNSHOWABLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
