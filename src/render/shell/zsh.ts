import { allCommands, type CommandNode, type OptionNode } from '../../core/command-tree.js';
import { quoted } from './bash.js';

/** The same for zsh, with a description behind each word. */
export function zshCompletion(root: CommandNode): string {
  const commands = allCommands(root);
  const steps = commands.filter(({ path }) => path.includes(' '));
  return `#compdef fairq
# Completion of fairq for zsh: put it as _fairq into a folder of $fpath, or source it after compinit.
_fairq() {
  local fairq_path=fairq prev=\${words[CURRENT-1]} word
  local -a found options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$fairq_path $word" in
${steps.map(({ path }) => `      ${quoted(path)}) fairq_path=${quoted(path)} ;;`).join('\n')}
    esac
  done
  case "$fairq_path $prev" in
${commands.flatMap((command) => values(command, root)).join('\n')}
  esac
  case "$fairq_path" in
${commands.map((command) => lists(command, root)).join('\n')}
  esac
  (( \${#found} )) && _describe -t commands command found
  _describe -o -t options option options
}
(( $+functions[compdef] )) && compdef _fairq fairq
`;
}

function optionsAt(command: CommandNode, root: CommandNode): readonly OptionNode[] {
  return command === root ? root.options : [...command.options, ...root.options];
}

function values(command: CommandNode, root: CommandNode): string[] {
  return optionsAt(command, root).flatMap(({ short, long, value }) => {
    if (value === undefined) return [];
    const names = [long, ...(short === undefined ? [] : [short])].map((name) =>
      quoted(`${command.path} ${name}`),
    );
    const fill =
      value.choices.length > 0
        ? `compadd -- ${value.choices.map(quoted).join(' ')};`
        : value.isFile
          ? '_files;'
          : `_message -r ${quoted(value.name)};`;
    return [`    ${names.join(' | ')}) ${fill} return ;;`];
  });
}

function lists(command: CommandNode, root: CommandNode): string {
  const entry = (name: string, summary: string) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`);
  const choices = command.parameters.flatMap(({ value }) => value.choices);
  const found = [
    ...command.commands.map(({ name, summary }) => entry(name, summary)),
    ...choices.map((choice) => entry(choice, '')),
  ];
  const options = optionsAt(command, root).map(({ long, summary }) => entry(long, summary));
  const files = command.parameters.some(({ value }) => value.isFile) ? ' _files;' : '';
  return `    ${quoted(command.path)})${files} found=(${found.join(' ')}); options=(${[...options, entry('--help', 'show help')].join(' ')}) ;;`;
}
