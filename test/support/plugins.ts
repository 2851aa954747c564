import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import type { RunningNode } from '../../src/broker/node/running-node.js';

const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmqctl';

/**
 * What `rabbitmq-plugins disable` does to a node that runs, without its command line, which takes a minute on a busy
 * machine. It would delete the plugin's folder as well, which in a private node is a link to that of all nodes.
 */
const off = (plugin: string) => `
  {ok, Modules} = application:get_key(${plugin}, modules),
  rabbit:stop_apps([${plugin}]),
  application:unload(${plugin}),
  [begin code:soft_purge(M), code:delete(M) end || M <- Modules],
  ok.`;

const on = (plugin: string) => `rabbit:start_apps([${plugin}]).`;

/** Switches a plugin of a node on or off while it runs. */
export async function switchPlugin(node: RunningNode, plugin: string, to: 'on' | 'off'): Promise<void> {
  await evaluate(node, to === 'on' ? on(plugin) : off(plugin));
}

/** Has the node evaluate Erlang. A node of another Debian is in a root of its own. */
function evaluate({ pid }: RunningNode, erlang: string): Promise<string> {
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  const env = Object.fromEntries(variables.map((line) => line.split(/=(.*)/s, 2)));
  const root = `/proc/${pid}/root`;
  const [program, ...first] = readlinkSync(root) === '/' ? [PROGRAM] : ['/usr/sbin/chroot', root, PROGRAM];
  return new Promise((resolve, reject) => {
    const child = execFile(program!, [...first, 'eval', erlang], { env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`rabbitmqctl eval: ${stderr}${stdout}`, { cause: error }));
    });
    child.stdin?.end();
  });
}
