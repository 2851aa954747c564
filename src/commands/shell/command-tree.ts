import type { Argument, Command, Option } from 'commander';
import type { CommandNode, OptionNode, ParameterNode, ValueNode } from '../../core/reports/command-node.js';

/** `<file>`, `[files...]`, `<file|->` */
const IS_FILE = /^files?\b/;

/** What commander knows of a command and those below it. */
export function treeOf(command: Command, above = ''): CommandNode {
  const path = `${above} ${command.name()}`.trim();
  return {
    name: command.name(),
    path,
    summary: command.description(),
    options: command.options.filter(({ hidden }) => !hidden).map(optionNode),
    parameters: command.registeredArguments.map(parameterNode),
    examples: examplesOf(command),
    commands: command.commands.map((below) => treeOf(below, path)),
  };
}

function optionNode(option: Option): OptionNode {
  const takesValue = option.required || option.optional;
  const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? '';
  return {
    short: option.short,
    long: option.long ?? option.flags,
    summary: option.description,
    value: takesValue ? valueNode(name, option.argChoices, defaultOf(option)) : undefined,
  };
}

function parameterNode(argument: Argument): ParameterNode {
  const name = argument.name();
  const dots = argument.variadic ? '...' : '';
  return {
    usage: argument.required ? `<${name}${dots}>` : `[${name}${dots}]`,
    summary: argument.description,
    value: valueNode(name, argument.argChoices, undefined),
  };
}

function valueNode(
  name: string,
  choices: readonly string[] | undefined,
  standard: string | undefined,
): ValueNode {
  return { name, isFile: IS_FILE.test(name), choices: choices ?? [], default: standard };
}

function defaultOf({ defaultValue, defaultValueDescription }: Option): string | undefined {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  return defaultValue === undefined ? undefined : String(defaultValue);
}

/** The lines below "Examples:" of its help. */
function examplesOf(command: Command): string[] {
  let help = '';
  const output = command.configureOutput();
  command.configureOutput({ ...output, writeOut: (text) => (help += text) });
  command.outputHelp();
  command.configureOutput(output);
  const [, below = ''] = help.split('\nExamples:\n');
  return below
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
