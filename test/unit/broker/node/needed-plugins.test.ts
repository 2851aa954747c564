import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkNeededPlugins } from '../../../../src/broker/node/needed-plugins.js';
import { useFolder } from '../../../support/folder.js';

const folder = useFolder();

const WEB =
  '{application, web, [\n\t{vsn, "3.10.8"},\n\t{applications, [kernel,stdlib,rabbit,\n\t\t\'rabbit_common\']},\n\t{env, []}]}.';
const RABBIT = '{application,rabbit,[{applications,[kernel,rabbit_common,ra]}]}.';
const COMMON = '{application,rabbit_common,[{applications,[kernel,stdlib]}]}.';
const RA = '{application,ra,[{applications, [kernel]}]}.';
const PLUGINS = {
  'web-3.10.8': WEB,
  'rabbit-3.10.8': RABBIT,
  'rabbit_common-3.10.8': COMMON,
  'ra-2.2.0': RA,
};

/** A server with these plugins; the text is that of the plugin's `.app`, and none stands for a packed one. */
function server(name: string, plugins: Readonly<Record<string, string | null>>): string {
  const root = folder.file(name);
  mkdirSync(join(root, 'sbin'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'sbin/rabbitmq-server'), '');
  symlinkSync('../sbin/rabbitmq-server', join(root, 'bin/rabbitmq-server'));
  for (const [plugin, text] of Object.entries(plugins)) {
    if (text === null) {
      writeFileSync(join(root, 'plugins', plugin), '');
      continue;
    }
    const ebin = join(root, 'plugins', plugin, 'ebin');
    mkdirSync(ebin, { recursive: true });
    writeFileSync(join(ebin, `${plugin.replace(/-.*/, '')}.app`), text);
  }
  return join(root, 'bin/rabbitmq-server');
}

async function linked(program: string, ...enabled: string[]): Promise<string[] | null> {
  const made = `${program}-needed`;
  await linkNeededPlugins(program, enabled, made);
  try {
    return readdirSync(made).sort();
  } catch {
    return null;
  }
}

describe('the plugins that a node is given', () => {
  test('are those that are enabled, and what they need of each other', async () => {
    const other = "{application,other,[{applications,['rabbit']}]}.";
    const program = server('usual', { ...PLUGINS, 'other-1.0.0': other });
    expect(await linked(program, 'web')).toEqual(Object.keys(PLUGINS).sort());
    expect(readlinkSync(join(`${program}-needed`, 'ra-2.2.0'))).toBe(folder.file('usual/plugins/ra-2.2.0'));
    expect(await linked(program, 'other')).not.toContain('web-3.10.8');
  });

  test.for([
    ['that has them elsewhere', {}],
    ['that lacks one that is enabled', { 'rabbit-3.10.8': RABBIT, 'rabbit_common-3.10.8': COMMON }],
    ['whose plugins are packed', { 'rabbit-3.10.8': RABBIT, 'web-3.10.8.ez': null }],
    ['with two versions of one', { ...PLUGINS, 'ra-2.1.0': RA }],
    ['with one that says nothing of its needs', { ...PLUGINS, 'ra-2.2.0': '{application,ra,[]}.' }],
  ] as const)('are all, with a server %s', async ([name, plugins]) => {
    expect(await linked(server(name, plugins), 'web')).toBeNull();
  });
});
