import { describe, expect, it } from 'vitest';
import { Expired } from '../../../../src/core/celery/decode-task.js';
import {
  encodeEvent,
  failedEvent,
  receivedFields,
  succeededFields,
  workerFields,
} from '../../../../src/core/celery/monitor-events.js';
import { pythonError } from '../../../../src/core/celery/python-text.js';
import { WorkerKiller } from '../../../../src/core/message/non-retryable-error.js';
import { WrittenJson } from '../../../../src/core/values/written-json.js';

const WHERE = { queue: 'q', exchange: '', routingKey: 'q' };

describe("events for Celery's monitors", () => {
  it('say who, when and what', () => {
    const event = { type: 'task-started' as const, at: 1_500_000, fields: { uuid: 'u' } };
    expect(encodeEvent(event, { hostname: 'w@h', pid: 7, utcoffset: -2 }, 9)).toEqual({
      type: 'task-started',
      hostname: 'w@h',
      pid: 7,
      utcoffset: -2,
      clock: 9,
      timestamp: 1.5,
      uuid: 'u',
    });
    const state = { active: 1, processed: 2, loadavg: [0.123, 1, 2], version: '1', system: 'Linux' };
    expect(workerFields(state)).toMatchObject({ freq: 2, active: 1, processed: 2, loadavg: [0.13, 1, 2] });
  });

  it('of a delivery count the attempts before it, the own of the application too', () => {
    const headers = { 'x-fairq': '1 0 3 1795764843681128 0  A', retries: 2, argsrepr: '(1,)', eta: null };
    expect(receivedFields('u', { headers, name: 't', ...WHERE })).toMatchObject({
      uuid: 'u',
      name: 't',
      args: '(1,)',
      kwargs: '',
      retries: 4,
      eta: null,
      queue: 'q',
      routing_key: 'q',
    });
  });

  it('have room for so much of what anybody has written', () => {
    const headers = { argsrepr: 'x'.repeat(1_000_000), root_id: 'x'.repeat(1_000_000), parent_id: { a: 1 } };
    const fields = receivedFields('u', { headers, name: 'n'.repeat(1_000_000), ...WHERE });
    expect(JSON.stringify(fields).length).toBeLessThan(4_000);
    expect(fields.parent_id).toBeNull();
    const large = { list: Array.from({ length: 100_000 }, () => 'word') };
    expect(succeededFields('u', large, 1).result).toHaveLength(1_024);
  });

  it.each([
    [42, '42'],
    [undefined, 'None'],
    [{ a: [true, 'x'] }, "{'a': [True, 'x']}"],
    [new WrittenJson('{"n": null}'), "{'n': None}"],
    [Buffer.from('text'), "'text'"],
  ])('show the result %j as Python does', (value, shown) => {
    expect(succeededFields('u', value, 2_500_000)).toEqual({ uuid: 'u', result: shown, runtime: 2.5 });
  });

  it('show a result that cannot be read', () => {
    const value = {
      get a(): unknown {
        throw new Error('no');
      },
    };
    expect(succeededFields('u', value, 1).result).toBe('a result that cannot be shown');
  });

  it('tell failures, retries and tasks whose time is over apart', () => {
    const thrown = Object.assign(new Error('no "luck"'), { name: 'ValueError' });
    expect(failedEvent('u', { reason: 'no "luck"', thrown }, false)).toMatchObject({
      type: 'task-retried',
      fields: { uuid: 'u', exception: `ValueError('no "luck"')` },
    });
    const killed = { reason: 'its worker died', thrown: new WorkerKiller('its worker died') };
    expect(failedEvent('u', killed, true)).toMatchObject({
      type: 'task-failed',
      fields: { exception: "WorkerLostError('its worker died')", traceback: null },
    });
    expect(failedEvent('u', { reason: 'late', thrown: new Expired('late') }, true)).toEqual({
      type: 'task-revoked',
      fields: { uuid: 'u', terminated: false, signum: null, expired: true },
    });
  });
});

describe('an exception as Python shows it', () => {
  it.each([
    ['plain', "E('plain')"],
    ["it's", `E("it's")`],
    [`"it's"`, `E('"it\\'s"')`],
    ['a\nb\t\\', "E('a\\nb\\t\\\\')"],
    ['\u0000', "E('\\x00')"],
  ])('quotes %j', (message, shown) => {
    expect(pythonError('E', message)).toBe(shown);
  });
});
