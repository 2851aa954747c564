import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import type { RunningNode } from '../../src/broker/node/running-node.js';

const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmqctl';

/** Has the node evaluate Erlang. A node of another Debian is in a root of its own. */
export function evaluate({ pid }: Pick<RunningNode, 'pid'>, erlang: string): Promise<string> {
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
