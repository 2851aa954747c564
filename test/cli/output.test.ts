import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));

interface ShellEnded {
  /** Of fairq itself. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a pipeline, or a redirection, that begins with fairq; a shell's pipes are what users have. */
function inShell(command: string): Promise<ShellEnded> {
  const script = `${command}\necho "fairq ended with \${PIPESTATUS[0]}"`;
  const env = { ...process.env, ...vhost.env };
  return new Promise((resolve) => {
    execFile('bash', ['-c', script, 'bash', process.execPath, BIN], { env }, (_, stdout, stderr) => {
      const code = Number(/fairq ended with (\d+)/.exec(stdout)?.[1]);
      resolve({ code, stdout: stdout.replace(/fairq ended with .*\n/, ''), stderr });
    });
  });
}

const FAIRQ = '"$1" "$2"';

// Each of them would print nothing more for ten minutes: only the closed pipe itself can end it.
describe.skipIf(process.platform !== 'linux')('a reader that has seen enough ends', () => {
  it('queues list --watch', async () => {
    await fairqJson(vhost.env, 'publish', '--user', 'A');
    const { code, stdout } = await inShell(`${FAIRQ} queues list --watch 10m | head -n 1`);
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe('');
  });

  it('queues list --watch --json', async () => {
    const { code, stdout } = await inShell(`${FAIRQ} --json queues list --watch 10m | head -n 1`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'queues' });
  });

  it('top --json, before its first sample', async () => {
    expect((await inShell(`${FAIRQ} --json top --interval 10m | head -n 0`)).code).toBe(0);
  });

  it('queues prune --watch', async () => {
    const { code } = await inShell(`${FAIRQ} queues prune --watch 10m --yes | head -n 1`);
    expect(code).toBe(0);
  });

  it('task --follow', async () => {
    const { id } = await fairqJson<{ id: string }>(vhost.env, 'publish', '--user', 'A');
    const { code, stdout } = await inShell(`${FAIRQ} --json task ${id} --follow | head -n 1`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ id, state: 'queued' });
  });

  it('publish --wait, when all is sent', async () => {
    const { code, stderr } = await inShell(`${FAIRQ} publish --user W --count 20 --wait | head -n 0`);
    expect(code).toBe(0);
    expect(stderr).toContain('20 of 20 tasks have not ended yet');
    expect(await vhost.ready('fairq.user.W')).toBe(20);
  });

  it('no worker: its work is not for the reader of its log', async () => {
    const worker = inShell(`${FAIRQ} worker --count 41 --verbose 2>&1 | head -n 1`);
    await eventually(async () => (await vhost.ready('fairq.user.W')) === 0, {
      timeoutMs: 60_000,
      what: 'the tasks are taken, though nobody reads the log',
    });
    await fairqJson(vhost.env, 'publish', '--user', 'W', '--count', '41');
    expect((await worker).code).toBe(0);
  });
});

describe.skipIf(!existsSync('/dev/full'))('output that goes where there is no room', () => {
  it.each([
    ['a report', 'queues list'],
    ['samples', '--json queues list --watch 10m'],
    ['the help', '--help'],
    ['the manual page', 'man'],
  ])('is refused with the reason: %s', async (_, command) => {
    const { code, stderr } = await inShell(`${FAIRQ} ${command} > /dev/full`);
    expect(code).toBe(77);
    expect(stderr).toContain('standard output takes no more: ENOSPC');
    expect(stderr).not.toContain('defect');
  });

  it('loses messages and no work, where it is for messages', async () => {
    await fairqJson(vhost.env, 'publish', '--user', 'F', '--count', '3');
    const { code } = await inShell(`${FAIRQ} worker --exit-when empty --verbose 2> /dev/full`);
    expect(code).toBe(0);
    expect(await vhost.ready('fairq.user.F')).toBe(0);
  });
});

describe('a command whose reader stays', () => {
  it('goes on', async () => {
    const top = new RunningFairq(['--json', 'top', '--interval', '200ms', '--samples', '3'], vhost.env);
    const { code, stdout } = await top.ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(4);
  });
});
