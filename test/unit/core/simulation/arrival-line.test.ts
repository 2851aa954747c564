import { describe, expect, it } from 'vitest';
import { ArrivalTable, parseArrivalLine } from '../../../../src/core/simulation/arrival-line.js';
import { LoadColumns } from '../../../../src/core/simulation/load-columns.js';

const nothing = { dueMs: undefined, sentMs: undefined, durationMs: undefined };

describe('a line of JSON', () => {
  it.each([
    ['{"user":"A"}', { user: 'A' }],
    ['{"user":"A","dueMs":12.5,"durationMs":3}', { user: 'A', dueMs: 12.5, durationMs: 3 }],
    ['{"queue":"reports","task":"render"}', { user: 'reports' }],
    ['{"user":"A","task":"sleep","payload":{"durationMs":7}}', { user: 'A', durationMs: 7 }],
    ['{"user":"A","payload":"{\\"durationMs\\":7}"}', { user: 'A', durationMs: 7 }],
    ['{"user":"A","payload":"durationMs?"}', { user: 'A' }],
    ['{"user":"A","envelope":{"sentAt":1500000}}', { user: 'A', sentMs: 1_500 }],
    ['{"user":"A","envelope":null}', { user: 'A' }],
  ])('%s is a task', (line, task) => {
    expect(parseArrivalLine(line)).toEqual({ ...nothing, ...task });
  });

  it.each([
    ['{"user":"A"', /not JSON/],
    ['[]', /not an object/],
    ['{}', /neither a user nor a queue/],
    ['{"user":""}', /neither a user nor a queue/],
    ['{"user":"A","dueMs":-1}', /dueMs: not a number/],
    ['{"user":"A","durationMs":"5"}', /durationMs: not a number/],
    ['{"user":"A","dueMs":null}', /dueMs: not a number/],
    [
      '{"user":"A","dueMs":1700000000000}',
      /dueMs: 1700000000000 is after more than 3650 days: count from the first/,
    ],
    ['{"user":"A","durationMs":1e300}', /durationMs: 1e\+300 is more than 2592000000 \(30 days\)/],
    ['{"user":"A","envelope":{"sentAt":-1}}', /envelope\.sentAt: not a number of microseconds/],
    [`{"user":"${'A'.repeat(256)}"}`, /the user has 256 characters, more than 255/],
  ])('%s is none', (line, reason) => {
    expect(() => parseArrivalLine(line)).toThrow(reason);
  });
});

describe('a table', () => {
  it('has its columns in any order, others beside, and values in quotation marks', () => {
    const table = new ArrivalTable('durationMs,id,user,dueMs\r');
    expect(table.parse('5,x,A,120\r')).toEqual({ ...nothing, user: 'A', dueMs: 120, durationMs: 5 });
    expect(table.parse('5,"a,b","say ""B""",')).toEqual({ ...nothing, user: 'say "B"', durationMs: 5 });
  });

  it('refuses what is no table, and lines that are wrong', () => {
    expect(() => new ArrivalTable('A,1,2')).toThrow(/no column "user"/);
    const table = new ArrivalTable('user,dueMs');
    expect(() => table.parse(',1')).toThrow(/no user/);
    expect(() => table.parse('A,soon')).toThrow(/dueMs: not a number/);
    expect(() => table.parse('"A,1')).toThrow(/quotation mark/);
    for (const number of ['NaN', 'Infinity', '0x10', '-1', '1e400', '1 000'])
      expect(() => table.parse(`A,${number}`), number).toThrow(/dueMs: not a number/);
    expect(table.parse('A, 1.5e3 ').dueMs).toBe(1_500);
    expect(() => table.parse('A,1,500')).toThrow('it has 3 values, and the first line names 2 columns');
    expect(() => new ArrivalTable('user,user')).toThrow('names the column "user" twice');
    expect(() => new ArrivalTable('user,due_ms')).toThrow('the column "due_ms" is not known: call it dueMs');
    expect(() => new ArrivalTable('user,Duration')).toThrow('call it durationMs, in milliseconds');
    expect(() => new ArrivalTable('user,due,dueMs')).not.toThrow();
  });
});

describe('the columns of a load', () => {
  it('are in the order in which tasks are due, and those due at once stay in theirs', () => {
    const columns = new LoadColumns();
    for (const [user, dueMs] of [
      ['B', 20],
      ['A', 10],
      ['C', 10],
    ] as const)
      columns.add(user, dueMs, dueMs / 10);
    const load = columns.load(false);
    expect([...load.users].map((user) => load.names[user])).toEqual(['A', 'C', 'B']);
    expect([...load.dueMs]).toEqual([10, 10, 20]);
    expect([...load.durationMs]).toEqual([1, 1, 2]);
    expect([...columns.load(true).dueMs]).toEqual([0, 0, 10]);
  });

  it('have room for any number of tasks', () => {
    const columns = new LoadColumns();
    for (let i = 0; i < 5_000; i++) columns.add(`user-${i % 7}`, i, 1);
    const { names, users, dueMs } = columns.load(false);
    expect(names.length).toBe(7);
    expect(users[4_999]).toBe(4_999 % 7);
    expect(dueMs[4_999]).toBe(4_999);
  });
});
