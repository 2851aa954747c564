import type { CommandNode, OptionNode, ValueNode } from '../../core/reports/command-node.js';

/** Options of the program itself may stand anywhere. */
export function optionsAt(command: CommandNode, root: CommandNode): readonly OptionNode[] {
  return command === root ? root.options : [...command.options, ...root.options];
}

/**
 * Cases of a shell's `case "$path $previous"`: what to offer behind an option that takes a value.
 *
 * @param fill the commands that offer it
 */
export function valueCases(
  command: CommandNode,
  root: CommandNode,
  fill: (value: ValueNode) => string,
): string[] {
  return optionsAt(command, root).flatMap(({ short, long, value }) => {
    if (value === undefined) return [];
    const names = [long, ...(short === undefined ? [] : [short])].map((name) =>
      quoted(`${command.path} ${name}`),
    );
    return [`    ${names.join(' | ')}) ${fill(value)} return ;;`];
  });
}

/** One word of bash or zsh, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
