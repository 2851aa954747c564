// The pages of docs/reference as texts, made from what the program knows of itself.
const NOTE = '<!-- Made by `npm run reference` from the commands themselves. Change them there. -->';

/**
 * @param {{ root: object, exitCodes: readonly (readonly [string, string])[], settings: readonly object[] }} known
 *   the command tree (src/core/reports/command-node.ts), the exit codes and the settings
 * @returns {Map<string, string>} the text of each page by its file name
 */
export function referencePages({ root, exitCodes, settings }) {
  const pages = new Map();
  for (const verb of root.commands) pages.set(`${verb.name}.md`, verbPage(verb));
  pages.set('exit-codes.md', exitCodePage(exitCodes));
  pages.set('configuration.md', configurationPage(settings, root.options));
  pages.set('README.md', indexPage(root));
  return pages;
}

function verbPage(verb) {
  const below = verb.commands.flatMap((command) => ['', `## ${command.path}`, '', ...body(command, '###')]);
  const own = runsItself(verb) ? body(verb, '##') : [text(verb.summary)];
  return page(
    verb.path,
    ...own,
    ...below,
    '',
    'The [global options](configuration.md) go with every verb. So do the [exit codes](exit-codes.md).',
  );
}

/** One that only holds others has no options. */
function runsItself({ commands, options }) {
  return commands.length === 0 || options.length > 0;
}

function body({ path, summary, parameters, options, examples }, heading) {
  const usage = [path, ...(options.length > 0 ? ['[options]'] : []), ...parameters.map(({ usage }) => usage)];
  return [
    text(summary),
    '',
    '```text',
    usage.join(' '),
    '```',
    ...section(
      `${heading} Arguments`,
      ['argument', 'is'],
      parameters.map(({ usage, summary, value }) => [code(usage), text(summary) + choices(value)]),
    ),
    ...section(
      `${heading} Options`,
      ['option', 'does', 'default'],
      options.map((option) => [flag(option), text(option.summary) + choices(option.value), standard(option)]),
    ),
    ...(examples.length === 0
      ? []
      : ['', `${heading} Examples`, '', '```console', ...examples.map((line) => `$ ${line}`), '```']),
  ];
}

function exitCodePage(exitCodes) {
  return page(
    'Exit codes',
    'Every command ends with one of these.',
    '',
    ...table(
      ['code', 'means'],
      exitCodes.map(([number, meaning]) => [code(number), text(meaning)]),
    ),
    '',
    '[What an operator does about each](../operating.md#exit-codes) is on another page.',
  );
}

function configurationPage(settings, options) {
  const flags = new Set(settings.map(({ key }) => `--${key}`));
  return page(
    'Settings and global options',
    'A setting is looked for in four places. The first that has it counts: the flag, the environment variable, the',
    'configuration file, the default. [Where settings come from](../configuration.md) tells the rest.',
    '',
    '## Settings',
    '',
    ...table(
      ['flag', 'variable', 'key in the file', 'is'],
      settings.map(({ flag, variable, key, help }) => [code(flag), code(variable), code(key), text(help)]),
    ),
    '',
    'The password may also be in `FAIRQ_PASSWORD`. It has no flag and no key.',
    '',
    '## Global options',
    '',
    'They stand before or after the verb.',
    '',
    ...table(
      ['option', 'does'],
      options.filter(({ long }) => !flags.has(long)).map((option) => [flag(option), text(option.summary)]),
    ),
  );
}

function indexPage(root) {
  const rows = root.commands.flatMap((verb) => [
    ...(runsItself(verb) ? [[`[${verb.path}](${verb.name}.md)`, text(verb.summary)]] : []),
    ...verb.commands.map((command) => [
      `[${command.path}](${verb.name}.md#${command.path.replaceAll(' ', '-')})`,
      text(command.summary),
    ]),
  ]);
  return page(
    'Reference',
    'These pages are made from the commands themselves, as `fairq help` and `fairq man` are.',
    '',
    ...table(['command', 'does'], rows),
    '',
    'See also the [settings and global options](configuration.md) and the [exit codes](exit-codes.md).',
  );
}

function page(title, ...lines) {
  return `${[NOTE, '', `# ${title}`, '', ...lines].join('\n')}\n`;
}

function section(title, columns, rows) {
  return rows.length === 0 ? [] : ['', title, '', ...table(columns, rows)];
}

function table(columns, rows) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [row(columns), `|${columns.map(() => '---|').join('')}`, ...rows.map(row)];
}

function flag({ short, long, value }) {
  const names = [short, long].filter((name) => name !== undefined).join(', ');
  return code(value === undefined ? names : `${names} <${value.name}>`);
}

function choices(value) {
  return value === undefined || value.choices.length === 0 ? '' : `: ${value.choices.map(code).join(', ')}`;
}

function standard({ value }) {
  return value?.default === undefined ? '' : code(value.default);
}

function code(plain) {
  return `\`${plain.replaceAll('|', '\\|')}\``;
}

/** As it stands: nothing in it is Markdown, and nothing ends a cell of a table. */
function text(plain) {
  return plain.replaceAll(/[\\`*_<>[\]|]/g, '\\$&');
}
