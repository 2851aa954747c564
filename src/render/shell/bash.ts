import { allCommands, type CommandNode, type ValueNode } from '../../core/reports/command-node.js';
import { optionsAt, quoted, valueCases } from './options.js';

/** What bash runs at each TAB: words alone, and nothing of Node. */
export function bashCompletion(root: CommandNode): string {
  const commands = allCommands(root);
  return `# Completion of fairq for bash: source it, or put it into ~/.local/share/bash-completion/completions/fairq
_fairq() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=fairq words i
  [[ $cur == '=' ]] && cur=
  [[ $prev == '=' ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${steps(commands)}
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${commands.flatMap((command) => valueCases(command, root, fill)).join('\n')}
  esac
  case "$path" in
${commands.map((command) => `    ${quoted(command.path)}) words=${quoted(wordsOf(command, root).join(' '))}${parameters(command)} ;;`).join('\n')}
  esac
  COMPREPLY+=($(compgen -W "$words" -- "$cur"))
}
complete -o filenames -o bashdefault -F _fairq fairq
`;
}

function steps(commands: readonly CommandNode[]): string {
  const below = commands.filter(({ path }) => path.includes(' '));
  return below.map(({ path }) => `      ${quoted(path)}) path=${quoted(path)} ;;`).join('\n');
}

function fill({ choices, isFile }: ValueNode): string {
  if (choices.length > 0) return `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur"));`;
  return isFile ? 'COMPREPLY=($(compgen -f -- "$cur"));' : '';
}

function parameters({ parameters }: CommandNode): string {
  if (parameters.some(({ value }) => value.isFile)) return '; COMPREPLY=($(compgen -f -- "$cur"))';
  return '';
}

function wordsOf(command: CommandNode, root: CommandNode): string[] {
  const choices = command.parameters.flatMap(({ value }) => value.choices);
  const options = optionsAt(command, root).flatMap(({ long, short }) =>
    short === undefined ? [long] : [long, short],
  );
  return [...command.commands.map(({ name }) => name), ...choices, ...options, '--help'];
}
