import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { times } from '../support/times.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));
const LATIN1 = Buffer.from('{"user":"Müller"}\n{"user":"Möller"}\n', 'latin1');

function file(name: string, content: string | Buffer): string {
  const path = folder.file(name);
  writeFileSync(path, content);
  return path;
}

async function tasks(user: string): Promise<number | undefined> {
  return vhost.ready(`fairq.user.${user}`);
}

interface Confirmed {
  readonly kind: string;
  readonly line: number;
  readonly id: string;
  readonly user: string;
  readonly run: string;
}

describe('text that is not UTF-8', () => {
  const utf8Lines = '{"user":"before"}\n';

  it('is a bad line of a file, and nothing is sent', async () => {
    const lines = file('latin1.ndjson', Buffer.concat([Buffer.from(utf8Lines), LATIN1]));
    const { code, stderr } = await fairq(env, 'publish', '--from', lines);
    expect(stderr).toContain(`${lines}, line 2: not UTF-8; nothing was sent`);
    expect(code).toBe(64);
    expect(await tasks('before')).toBeUndefined();
    expect(await tasks('M%EF%BF%BDller')).toBeUndefined();
  });

  it('is said where it stands in UTF-16', async () => {
    const lines = file('utf16.ndjson', Buffer.from('\ufeff{"user":"before"}\n', 'utf16le'));
    const { code, stderr } = await fairq(env, 'publish', '--from', lines);
    expect(stderr).toContain('UTF-16');
    expect(code).toBe(64);
  });

  it.each([
    ['weights', ['worker', '--weights'], 'weights.toml', '"Müller" = 2\n'],
    ['the map of groups', ['worker', '--group-by'], 'groups.toml', 'gold = ["Müller"]\n'],
    ['the configuration', ['queues', 'list', '--config'], 'fairq.toml', 'vhost = "Müller"\n'],
    ['a password', ['queues', 'list', '--password-file'], 'password', 'Müller\n'],
  ])('is refused in %s', async (what, args, name, text) => {
    const path = file(name, Buffer.from(text, 'latin1'));
    const value = what === 'the map of groups' ? `map:${path}` : path;
    const { code, stderr } = await fairq(env, ...args, value);
    expect(stderr).toContain(path);
    expect(stderr).toContain('not UTF-8');
    expect(code).toBe(64);
  });

  it('is refused in a saved run', async () => {
    const head = '{"kind":"fairq-events","version":1,"run":"Müller","saved":"","broker":null}\n';
    const path = file('run.ndjson', Buffer.from(head, 'latin1'));
    const { code, stderr } = await fairq(env, 'report', path);
    expect(stderr).toContain(path);
    expect(code).toBe(64);
  });

  it('is refused on the command line', () => {
    const script = `exec "$0" "$1" publish --user "$(printf 'M\\374ller')"`;
    const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, BIN], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect(stderr).toContain('not UTF-8');
    expect(status).toBe(64);
  });

  it('is taken as a user where it is the character U+FFFD itself', async () => {
    await fairqJson(env, 'publish', '--user', 'M\ufffdller');
    expect(await tasks('M%EF%BF%BDller')).toBe(1);
    await vhost.channel.purgeQueue('fairq.user.M%EF%BF%BDller');
  });

  it('is no JSON in a payload, and goes as the bytes that it is', async () => {
    const payload = Buffer.from('{"name":"Müller"}', 'latin1');
    await fairqJson(env, 'publish', '--user', 'bytes', '--payload', `@${file('payload.json', payload)}`);
    const message = await vhost.channel.get('fairq.user.bytes', { noAck: true });
    expect(message).toMatchObject({
      content: payload,
      properties: { contentType: 'application/octet-stream' },
    });
  });
});

describe('a file of tasks', () => {
  const lines = '{"user":"F","payload":"ü"}\r\n\r\n{"user":"F"}';

  it.each([
    ['with a byte order mark', Buffer.from(`\ufeff${lines}`)],
    ['compressed', gzipSync(lines)],
    [
      'compressed, with a byte order mark, in two parts',
      Buffer.concat([gzipSync('\ufeff\n'), gzipSync(lines)]),
    ],
  ])('is read %s, from a file and from standard input', async (_, content) => {
    const path = file('tasks', content);
    expect(await fairqJson(env, 'publish', '--from', path)).toMatchObject({ confirmed: 2 });
    const stdin = new PassThrough();
    stdin.end(content);
    const piped = new FairqHere(['--json', 'publish', '--from', '-'], env, stdin);
    expect(JSON.parse((await piped.ended).stdout)).toMatchObject({ confirmed: 2 });
    expect(await tasks('F')).toBe(4);
    await vhost.channel.purgeQueue('fairq.user.F');
  });

  it('that is cut off in its compressed form sends nothing', async () => {
    const path = file('half.gz', gzipSync(`{"user":"half"}\n`.repeat(1_000)).subarray(0, 40));
    const { code, stderr } = await fairq(env, 'publish', '--from', path);
    expect(stderr).toContain(`${path}, line 1: gzip: unexpected end of file; nothing was sent`);
    expect(code).toBe(64);
    expect(await tasks('half')).toBeUndefined();
  });

  it.each([
    ['is cut off', () => gzipSync('{"user":"hint"}\n').subarray(0, 25), /the file was cut off, or is still/],
    ['is damaged', () => gzipSync('{"user":"hint"}\n').fill(0, 28), /The compressed data are damaged/],
    ['is not in UTF-8', () => LATIN1, /Write it in UTF-8: "iconv /],
    ['has an id twice', () => '{"user":"hint","id":"x"}\n'.repeat(2), /Give each task an id of its own/],
    ['names no user', () => '{"task":"noop"}\n', /Say whose it is/],
    ['has a line that is no task', () => '{"usr":"hint"}\n', /Each line is \{"user"/],
  ])('that %s is told what to do about that', async (_, content, hint) => {
    const { code, stderr } = await fairq(env, 'publish', '--from', file('hint', content()));
    expect(stderr).toMatch(hint);
    expect(times(stderr, 'Each line is {')).toBe(hint.source.startsWith('Each') ? 1 : 0);
    expect(code).toBe(64);
    expect(await tasks('hint')).toBeUndefined();
  });

  it('has each id once', async () => {
    const all = Array.from({ length: 5_000 }, (_, i) => `{"user":"ids","id":"id-${i}"}`);
    all[4_321] = '{"user":"ids","id":"id-1234"}';
    const path = file('ids.ndjson', all.join('\n'));
    const { code, stderr } = await fairq(env, 'publish', '--from', path);
    expect(stderr).toContain(`${path}, line 4322: the id is that of line 1235; nothing was sent`);
    expect(code).toBe(64);
    expect(await tasks('ids')).toBeUndefined();
  });

  it('is checked whole in a small part of the memory that it would take', () => {
    const path = file('large.ndjson', `${'{"user":"large","payload":{"n":1}}\n'.repeat(400_000)}[]\n`);
    const checked = spawnSync(process.execPath, ['--max-old-space-size=40', BIN, 'publish', '--from', path], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect(checked.stderr).toContain(`${path}, line 400001: the line:`);
    expect(checked.status).toBe(64);
  });

  it('is sent while it is read with --stream, up to a line that is not well', async () => {
    const path = file('stream.ndjson', '{"user":"S"}\n{"user":"S"}\n{"usr":"S"}\n{"user":"S"}\n');
    const { code, stderr } = await fairq(env, 'publish', '--from', path, '--stream', '--run', 'streamed');
    expect(stderr).toContain(`${path}, line 3:`);
    expect(stderr).toContain('2 confirmed, in run streamed');
    expect(code).toBe(64);
    expect(await tasks('S')).toBe(2);
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'streamed')).toMatchObject({ published: 2 });
    expect((await fairq(env, 'publish', '--user', 'S', '--stream')).code).toBe(64);
  });
});

describe('publish --from -', () => {
  it('sends each line when it comes, and says the id of each task when it is confirmed', async () => {
    const stdin = new PassThrough();
    const run = new FairqHere(['publish', '--from', '-', '--ids', '-', '--run', 'child'], env, stdin);
    const said = async (count: number): Promise<Confirmed[]> =>
      eventually(() => run.stdout.split('\n').length > count && jsonLines<Confirmed>(run.stdout), {
        timeoutMs: 60_000,
        what: () => `${count} tasks are confirmed; so far: ${run.stdout}${run.stderr}`,
      });
    stdin.write('{"user":"C"}\n');
    expect(await said(1)).toMatchObject([{ kind: 'confirmed', line: 1, user: 'C', run: 'child' }]);
    expect(await tasks('C')).toBe(1);
    stdin.write('\n{"user":"C","id":"given"}\n');
    expect(await said(2)).toMatchObject([{}, { line: 3, id: 'given' }]);
    expect(await fairqJson(env, 'task', 'given')).toMatchObject({ state: 'queued' });
    stdin.end('{"user":"C"}');
    const { code, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('3 tasks confirmed');
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'child')).toMatchObject({ published: 3 });
  });

  it('ends at a signal while it waits for a line', async () => {
    const stdin = new PassThrough();
    const run = new FairqHere(['--json', 'publish', '--from', '-', '--ids', '-'], env, stdin);
    stdin.write('{"user":"I"}\n');
    await eventually(() => run.stdout !== '', { timeoutMs: 60_000, what: 'the first is confirmed' });
    run.signal('SIGTERM');
    const { code, stdout } = await run.ended;
    expect(jsonLines(stdout).at(-1)).toMatchObject({ kind: 'publish', confirmed: 1, interrupted: true });
    expect(code).toBe(130);
    stdin.end();
  });
});

describe('the ids of what was sent', () => {
  it('are in the report, and in the file of --ids, a line for each', async () => {
    const path = folder.file('ids.out');
    const report = await fairqJson<{ ids: string[]; run: string }>(
      env,
      ...['publish', '--users', '3', '--count', '100', '--ids', path],
    );
    const lines = jsonLines<Confirmed>(readFileSync(path, 'utf8'));
    expect(lines.map(({ id }) => id)).toEqual(report.ids);
    expect(new Set(report.ids).size).toBe(300);
    expect(lines[0]).toMatchObject({ kind: 'confirmed', run: report.run, task: 'noop' });
  });

  it.each(['/dev/full', '-'])(
    'that cannot be written to %s end it with 77, and are named',
    async (target) => {
      const args = `publish --user full --count 5000 --ids ${target}`;
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `exec "$0" "$1" ${args} > /dev/full`, process.execPath, BIN],
        {
          env: { ...process.env, ...env },
          encoding: 'utf8',
        },
      );
      expect(stderr).toContain(
        target === '-' ? 'standard output takes no more' : '/dev/full cannot be written',
      );
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(status).toBe(77);
    },
  );
});
