import { cpus, platform, release, totalmem } from 'node:os';
import { VERSION } from '../../process/version.js';
import { formatBytes } from '../../render/parts/numbers.js';
import { quoted } from '../../render/shell/options.js';
import type { Context } from './context.js';

/** What made a result, and where, for those who want to repeat it: a name and a text each. */
export function aboutThis({ io, clock }: Context, broker: string | null): [string, string][] {
  const processors = cpus();
  return [
    ['command', commandLine(io.argv)],
    ['made', new Date(clock.epochMicros() / 1_000).toISOString()],
    ['fairq', `${VERSION}, Node ${io.nodeVersion}`],
    ['broker', broker === null ? 'not known' : `RabbitMQ ${broker}`],
    [
      'machine',
      `${processors.length} x ${processors[0]?.model.trim() || 'processor'}, ${formatBytes(totalmem())}, ${platform()} ${release()}`,
    ],
  ];
}

const PLAIN = /^[\w@%+=:,./-]+$/;

/** As one would type it, without passwords. */
export function commandLine(argv: readonly string[]): string {
  const words = argv.slice(2).map(withoutPassword);
  return ['fairq', ...words.map((word) => (PLAIN.test(word) ? word : quoted(word)))].join(' ');
}

/** In an address the password stands between the user and the last @. */
function withoutPassword(word: string): string {
  return word.replace(/(\w+:\/\/[^\s:@/]*):\S*@/g, '$1:***@');
}
