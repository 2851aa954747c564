import type { RunningNode } from '../../src/broker/node/running-node.js';
import { evaluate } from './erlang.js';

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
