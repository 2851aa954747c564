import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readArrivals } from '../../../../src/run/simulate/arrivals-file.js';
import { useFolder } from '../../../support/folder.js';

const folder = useFolder();
const limits = { durationOf: () => 5, mostTasks: 4, mostUsers: 2 };
const fromInput = (text: string | Buffer) => readArrivals('-', Readable.from([Buffer.from(text)]), limits);

it('reads lines of JSON and tables, compressed or not, in any order', async () => {
  const json = '{"user":"B","dueMs":9,"durationMs":1}\n\n{"user":"A","dueMs":3}\n';
  const table = 'dueMs,user,durationMs\r\n9,B,1\r\n3,A,\r\n';
  for (const text of [json, table, gzipSync(json)]) {
    const load = await fromInput(text);
    expect([...load.users].map((user) => load.names[user])).toEqual(['A', 'B']);
    expect([...load.dueMs]).toEqual([3, 9]);
    expect([...load.durationMs]).toEqual([5, 1]);
  }
});

it('counts saved tasks from when the first of them was sent', async () => {
  const saved = (user: string, sentAt: number) => `{"user":"${user}","envelope":{"sentAt":${sentAt}}}\n`;
  const load = await fromInput(saved('A', 1_700_000_000_500_000) + saved('B', 1_700_000_000_000_000));
  expect([...load.dueMs]).toEqual([0, 500]);
});

it.each([
  ['{"user":"A"}\n{"user":"A"', 'standard input, line 2: not JSON', '"dueMs": 120'],
  ['user,dueMs\nA,1\nA,soon\n', 'standard input, line 3: dueMs: not a number', 'user,dueMs,durationMs'],
  ['A,1\n', 'standard input, line 1: the first line names no column "user"', 'CSV'],
  ['\n', 'standard input holds no task', '"user": "A"'],
  ['user\n', 'standard input holds no task', '"user": "A"'],
  ['{"user":"A"}\n'.repeat(5), 'line 5: there are more than 4 tasks', ''],
  ['user\nA\nB\nC\n', 'line 4: there are more than 2 users', ''],
  [
    '{"user":"A","envelope":{"sentAt":1e300}}\n{"user":"A","envelope":{"sentAt":1}}\n',
    'standard input: from its first task to its last are more than 3650 days',
    'envelope.sentAt',
  ],
  ['{"user":"A","dueMs":1}\n{"user":"A","envelope":{"sentAt":1}}\n', 'line 2: some tasks say when', 'dueMs'],
])('%j is refused by the number of its line', async (text, message, hint) => {
  const error: { message: string; hint: string } = await fromInput(text).catch((thrown) => thrown);
  expect(error.message).toContain(message);
  expect(error.hint).toContain(hint);
});

it('names a file that is not there, and one that holds something else', async () => {
  const input = Readable.from([]);
  await expect(readArrivals(folder.file('nowhere'), input, limits)).rejects.toThrow(/nowhere cannot be read/);
  const file = folder.file('latin');
  writeFileSync(file, Buffer.from([0x7b, 0xfc, 0x0a]));
  await expect(readArrivals(file, input, limits)).rejects.toThrow(/line 1: not UTF-8/);
});
