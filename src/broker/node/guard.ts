import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hasEnded } from './end-processes.js';
import { MARK } from './processes.js';

export interface Guard {
  /** From now on this process is among those to end. */
  watch(pid: number): void;
  /** Ends the guard itself, when there is nothing left to guard. */
  dismiss(): Promise<void>;
}

/**
 * A keeper that is killed outright (by hand, or for want of memory) cannot clean up. So a shell waits on a
 * pipe that only the keeper holds: numbers of processes come in, and its end means that the keeper has
 * gone. In a session of its own, so that a signal to the keeper's does not take it along.
 *
 * `$1` is the folder, `$2` the mode. A kept node, the last in `$pids`, is asked to end and has 30 seconds;
 * no more than `$pids` is ended, for a new keeper may have started it again by then. Of a throw-away node
 * everything goes: what Erlang has started by itself is found by its environment, where there is a /proc.
 */
const SCRIPT = `: fairq-guard
trap '' HUP INT TERM
pids=
while read -r pid; do pids="$pids $pid"; done
if [ "$2" = kept ]; then
  node=\${pids##* }
  kill -TERM "$node"
  tries=300
  while [ $tries -gt 0 ] && kill -0 "$node"; do sleep 0.1; tries=$((tries - 1)); done
fi
[ -n "$pids" ] && kill -KILL $pids
[ "$2" = kept ] && exit
tries=100
while [ $tries -gt 0 ]; do
  left=$(grep -slzFx "${MARK}=$1" /proc/[0-9]*/environ | cut -d / -f 3)
  [ -n "$left" ] || break
  kill -KILL $left
  tries=$((tries - 1))
done
rm -rf "$1"
`;

export function startGuard(folder: string, mode: 'throw-away' | 'kept', path: string): Guard {
  const shell = spawn('sh', ['-c', SCRIPT, 'fairq-guard', folder, mode], {
    detached: true,
    cwd: '/',
    env: { PATH: path },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without its guard a node still runs and is still cleaned up after, by its keeper.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  return {
    watch: (pid) => {
      shell.stdin.write(`${pid}\n`);
    },
    dismiss: () => end(shell),
  };
}

async function end(shell: ChildProcess): Promise<void> {
  if (hasEnded(shell)) return;
  const gone = once(shell, 'exit');
  shell.kill('SIGKILL');
  await gone;
}
