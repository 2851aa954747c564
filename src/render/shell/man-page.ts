import { allCommands, type CommandNode, type OptionNode } from '../../core/reports/command-node.js';

export interface ManPage {
  readonly root: CommandNode;
  readonly version: string;
  /** Name and meaning of each exit code. */
  readonly exitCodes: readonly (readonly [string, string])[];
  /** Name and meaning of each variable. */
  readonly variables: readonly (readonly [string, string])[];
}

/** For `man -l`, in the macros of man(7). */
export function renderManPage({ root, version, exitCodes, variables }: ManPage): string {
  const commands = allCommands(root).filter(
    ({ commands, options }) => commands.length === 0 || options.length > 0,
  );
  const lines = [
    `.TH FAIRQ 1 "" "fairq ${version}" "User Commands"`,
    '.SH NAME',
    'fairq \\- fair per\\-user task queues on RabbitMQ',
    '.SH SYNOPSIS',
    '.B fairq',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    text(root.summary),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH GLOBAL OPTIONS',
    'Before or after the command.',
    ...root.options.flatMap(optionLines),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => ['.TP', `.B ${text(code)}`, text(meaning)]),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([name, meaning]) => ['.TP', `.B ${text(name)}`, text(meaning)]),
  ];
  return `${lines.join('\n')}\n`;
}

function section({ path, parameters, summary, options, examples }: CommandNode): string[] {
  const usage = [path, ...parameters.map(({ usage }) => usage)].join(' ');
  return [
    `.SS ${text(usage)}`,
    text(summary),
    ...parameters.flatMap(({ usage, summary }) =>
      summary === '' ? [] : ['.TP', `.I ${text(usage)}`, text(summary)],
    ),
    ...options.flatMap(optionLines),
    ...(examples.length === 0
      ? []
      : ['.PP', 'Examples:', '.PP', '.nf', '.RS', ...examples.map(text), '.RE', '.fi']),
  ];
}

function optionLines({ short, long, value, summary }: OptionNode): string[] {
  const names = [short, long].filter((name) => name !== undefined).map((name) => `\\fB${text(name)}\\fR`);
  const shown = value === undefined ? '' : ` \\fI${text(value.name)}\\fR`;
  const more = [
    ...(value !== undefined && value.choices.length > 0 ? [`one of ${value.choices.join(', ')}`] : []),
    ...(value?.default === undefined ? [] : [`default: ${value.default}`]),
  ];
  return [
    '.TP',
    `${names.join(', ')}${shown}`,
    text(`${summary}${more.length > 0 ? ` (${more.join('; ')})` : ''}`),
  ];
}

/** Nothing in it is a command of roff, and a hyphen stays one when it is copied. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('\n', ' ');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
