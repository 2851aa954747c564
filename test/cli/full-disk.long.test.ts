import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));
const env = () => ({ ...vhost.env, XDG_STATE_HOME: folder.file('state') });

/** fairq on a disk that has room for so many blocks of 512 bytes in each file. */
function onDiskOf(blocks: number, ...args: string[]) {
  const script = 'ulimit -f "$0"; exec "$@"';
  const { FAIRQ_URI: _uri, FAIRQ_MANAGEMENT_URI: _management, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, `${blocks}`, process.execPath, BIN, ...args],
    {
      env: { ...inherited, ...env() },
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return { code: status, stdout, stderr };
}

/** It ends with 77, names the file, and is no defect of fairq's. */
function expectRefusal({ code, stderr }: { code: number | null; stderr: string }, named: string): void {
  expect(stderr).toContain(named);
  expect(stderr).toContain('cannot be written');
  expect(stderr).not.toContain('defect');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(77);
}

beforeAll(async () => {
  // Their events take more than the mebibyte that is written in one go.
  await fairqJson(env(), 'publish', '--users', '3', '--total', '8000', '--run', 'full');
  expect((await fairq(env(), 'worker', '--exit-when', 'empty')).code).toBe(0);
});

describe('a disk that is full', () => {
  it.each([
    ['at its first write', 100, 'run.ndjson'],
    ['at its last write', 100, 'run.ndjson.gz'],
  ])('ends report --save %s, and leaves no half of a file', (_, blocks, name) => {
    const file = folder.file(name);
    expectRefusal(onDiskOf(blocks, 'report', '--run', 'full', '--save', file), `--save ${file}`);
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('ends report --html, and leaves no half of a page', () => {
    const file = folder.file('page.html');
    expectRefusal(onDiskOf(2, 'report', '--run', 'full', '--html', file), `--html ${file}`);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(folder.file('.')).filter((name) => name.startsWith('page.html'))).toEqual([]);
  });

  it('ends report --html on a device, which stays one', () => {
    const device = folder.file('device');
    // A link stands for the device: a test must not risk /dev/full itself.
    symlinkSync('/dev/full', device);
    expectRefusal(onDiskOf(100, 'report', '--run', 'full', '--html', device), `--html ${device}`);
    expect(readlinkSync(device)).toBe('/dev/full');
  });

  it('ends what keeps what it saw of the queues, by the name of that file', () => {
    for (const args of [
      ['queues', 'list', '--idle-for', '1h'],
      ['queues', 'prune', '--dry-run'],
    ]) {
      expectRefusal(onDiskOf(0, ...args), folder.file('state/fairq/observations'));
    }
    expect(readdirSync(folder.file('state/fairq/observations'))).toEqual([]);
  });

  it('ends broker start by the name of its folder, with nothing left that runs', () => {
    const started = onDiskOf(0, 'broker', 'start');
    expectRefusal(started, folder.file('state/fairq/broker'));
    expect(onDiskOf(0, '--json', 'broker', 'status').stdout).toContain('"running":false');
    expect(readdirSync(folder.file('state/fairq/broker'))).toEqual([]);
  });

  it('ends publish --ids, by the name of that file, after a whole line', async () => {
    const file = folder.file('ids.ndjson');
    expectRefusal(onDiskOf(20, 'publish', '--user', 'ids', '--count', '2000', '--ids', file), file);
    const { stdout } = spawnSync('tail', ['-c', '1', file], { encoding: 'utf8' });
    expect(stdout).toBe('\n');
  });
});
