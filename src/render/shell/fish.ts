import { allCommands, type CommandNode, type OptionNode } from '../../core/reports/command-node.js';

/** The same for fish. */
export function fishCompletion(root: CommandNode): string {
  const commands = allCommands(root);
  const steps = commands.filter(({ path }) => path.includes(' '));
  const lines = commands.flatMap((command) => linesFor(command, root));
  return `# Completion of fairq for fish: put it into ~/.config/fish/completions/fairq.fish
function __fairq_path
  set -l path fairq
  for word in (commandline -opc)[2..]
    switch "$path $word"
${steps.map(({ path }) => `      case ${quoted(path)}\n        set path ${quoted(path)}`).join('\n')}
    end
  end
  echo $path
end
function __fairq_at
  test (__fairq_path) = "$argv"
end
complete -c fairq -f
${lines.join('\n')}
`;
}

function linesFor(command: CommandNode, root: CommandNode): string[] {
  const at = `complete -c fairq -n ${quoted(`__fairq_at ${command.path}`)}`;
  const below = command.commands.map(({ name, summary }) => `${at} -a ${quoted(name)} -d ${quoted(summary)}`);
  const parameters = command.parameters.flatMap(({ value, summary }) => {
    if (value.isFile) return [`${at} -F`];
    return value.choices.map((choice) => `${at} -a ${quoted(choice)} -d ${quoted(summary)}`);
  });
  const options = command.options.map((option) => `${at} ${optionFlags(option)}`);
  const everywhere =
    command === root ? root.options.map((option) => `complete -c fairq ${optionFlags(option)}`) : [];
  return [...below, ...parameters, ...(command === root ? everywhere : options)];
}

function optionFlags({ short, long, summary, value }: OptionNode): string {
  const names = [`-l ${long.replace(/^--/, '')}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])];
  const kind =
    value === undefined
      ? []
      : value.isFile
        ? ['-r -F']
        : ['-x', ...(value.choices.length > 0 ? [`-a ${quoted(value.choices.join(' '))}`] : [])];
  return [...names, ...kind, `-d ${quoted(summary)}`].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
