import { allCommands, type CommandNode, type ValueNode } from '../../core/reports/command-node.js';
import { optionsAt, quoted, valueCases } from './options.js';

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
${commands.flatMap((command) => valueCases(command, root, fill)).join('\n')}
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

function fill({ name, choices, isFile }: ValueNode): string {
  if (choices.length > 0) return `compadd -- ${choices.map(quoted).join(' ')};`;
  return isFile ? '_files;' : `_message -r ${quoted(name)};`;
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
