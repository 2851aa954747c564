/** The command line as a tree, from which help beyond `--help` is made: completions and the man page. */
export interface CommandNode {
  readonly name: string;
  /** With those above it: `fairq queues prune`. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly OptionNode[];
  readonly parameters: readonly ParameterNode[];
  /** Command lines. */
  readonly examples: readonly string[];
  readonly commands: readonly CommandNode[];
}

export interface OptionNode {
  /** `-c` */
  readonly short: string | undefined;
  /** `--concurrency` */
  readonly long: string;
  readonly summary: string;
  /** Undefined for one that is there or not. */
  readonly value: ValueNode | undefined;
}

export interface ParameterNode {
  /** As the usage shows it: `[files...]`. */
  readonly usage: string;
  readonly summary: string;
  readonly value: ValueNode;
}

export interface ValueNode {
  readonly name: string;
  readonly isFile: boolean;
  /** Empty where it is not one of a few. */
  readonly choices: readonly string[];
  /** As people write it; undefined where there is none. */
  readonly default: string | undefined;
}

/** The tree in order, the root first. */
export function allCommands(root: CommandNode): CommandNode[] {
  return [root, ...root.commands.flatMap(allCommands)];
}
