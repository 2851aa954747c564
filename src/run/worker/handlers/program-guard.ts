import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A worker that is killed outright cannot end the programs that it has started. So a shell waits on a pipe that
 * only the worker holds: it reads which process groups run, and kills those at the end of the pipe. It kills them
 * at once, since the broker delivers their tasks again at once. It is in a session of its own, so that no signal
 * to the worker's group takes it along.
 */
const SCRIPT = `: fairq-program-guard
trap '' HUP INT TERM
groups=' '
while read -r change group; do
  case $change in
    + ) groups="$groups$group " ;;
    - ) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

/** Ends the process groups that are still in it when this process has gone, however it went. */
export class ProgramGuard {
  readonly #shell: ChildProcess;

  /** @param onLost called when there is no guard any more, with the reason */
  constructor(path: string | undefined, onLost: (reason: string) => void) {
    this.#shell = spawn('sh', ['-c', SCRIPT, 'fairq-program-guard'], {
      detached: true,
      cwd: '/',
      env: { PATH: path },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell.once('error', (error) => onLost(error.message));
    this.#shell.once('exit', (code, signal) => onLost(signal ?? `exit code ${code}`));
    this.#shell.stdin?.on('error', () => {}); // its end is told by `exit`
    this.#shell.unref();
    // Node's types do not say that the pipe to a child is a socket.
    if (this.#shell.stdin && 'unref' in this.#shell.stdin) (this.#shell.stdin.unref as () => void)();
  }

  /**
   * Ends this process group, too, when this process has gone.
   *
   * @param then called when the guard has been told, or there is none to be told
   */
  watch(group: number, then: () => void): void {
    if (this.#shell.stdin === null) then();
    else this.#shell.stdin.write(`+ ${group}\n`, then);
  }

  /** It has ended, or what it has left behind is to live on. */
  forget(group: number): void {
    this.#shell.stdin?.write(`- ${group}\n`);
  }
}
