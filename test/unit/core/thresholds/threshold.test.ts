import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { BadThreshold } from '../../../../src/core/thresholds/scanner.js';
import {
  evaluateThreshold,
  parseThreshold,
  type ThresholdResult,
} from '../../../../src/core/thresholds/threshold.js';
import { describeThreshold } from '../../../../src/render/parts/threshold-text.js';
import { inBlocks, roundRobin, runInOrder, runRecord, taskEvent } from '../../../support/synthetic-run.js';

/** A task takes 20 µs: A's dwell is at most 180 µs, B's first waits for 200. */
const { report } = runInOrder(inBlocks({ A: 10, B: 2, 'team (1)': 1 }));

function of(text: string): ThresholdResult {
  return evaluateThreshold(parseThreshold(text), report);
}

function wrong(text: string): { message: string; at: string | undefined; hint: string } {
  try {
    parseThreshold(text);
  } catch (error) {
    if (!(error instanceof BadThreshold)) throw error;
    return { message: error.what, at: text.slice(error.at) || undefined, hint: error.hint ?? '' };
  }
  throw new Error(`${text} was taken`);
}

describe('a threshold', () => {
  it.each<[string, boolean]>([
    ['missing==0', true],
    ['missing != 0', false],
    ['completed>=13', true],
    ['completed>13', false],
    [' jain <= 100% ', true],
    ['jain>1', false],
    ['dwell.max<=240us', true],
    ['dwell.max<0.24ms', false],
    ['throughput>40000/s', true],
    ['throughput>60000', false],
    ['duration<1s', true],
    ['user(B).last==12', true],
    ['user(A).last<=9', false],
    ['user("team (1)").tasks==1', true],
    ['user(*).lag<=100', true],
    ['users(*).dwell.p95<1us', false],
    ['user(B).start>10', true],
    ['user(A).running<=1', true],
    ['user(*).running<1', false],
    ['running==1', true],
  ])('%s', (text, passed) => {
    expect(of(text).passed).toBe(passed);
  });

  it('about users holds for every user that matches, and names the one who is furthest from it', () => {
    expect(of('user(*).dwell.p50<150us')).toMatchObject({
      passed: false,
      user: 'team (1)',
      users: 3,
      usersFailed: 2,
    });
    expect(of('user(?).last>=11')).toMatchObject({ passed: false, user: 'A', users: 2, usersFailed: 1 });
    expect(of('user(?).last!=10')).toMatchObject({ passed: false, user: 'A' });
  });

  it('about nobody, or about what is not known, is not kept', () => {
    expect(of('user(nobody).lag<=3')).toMatchObject({ passed: false, value: null, users: 0 });
    const unknown = runInOrder(roundRobin({ A: 2 }), { published: false }).report;
    expect(evaluateThreshold(parseThreshold('missing==0'), unknown)).toMatchObject({
      passed: false,
      value: null,
    });
    expect(evaluateThreshold(parseThreshold('user(A).missing==0'), unknown).passed).toBe(false);
    expect(of('late==0').passed).toBe(false); // it was not paced
  });

  it('may name one of several results', () => {
    expect(parseThreshold('fifo: missing==0').label).toBe('fifo');
    expect(parseThreshold('fair, by time:user(B:1).lag<2')).toMatchObject({ label: 'fair, by time' });
    expect(parseThreshold('user(B:1).lag<2').label).toBeUndefined();
  });

  it('says by how much it was not kept, and by whom', () => {
    expect(describeThreshold(of('user(*).dwell.p95<100us'))).toBe(
      'user(*).dwell.p95<100us: 0.2 ms for "team (1)", 0.1 ms too much; 3 of 3 users do not keep it',
    );
    expect(describeThreshold(of('completed>=20'))).toBe('completed>=20: 13, 7 too few');
    expect(describeThreshold(of('user(A).last==10'))).toBe('user(A).last==10: 10 for "A"');
    expect(describeThreshold(of('user(zed).lag<1'))).toContain('no such user');
  });

  it('says why a figure is not known', () => {
    const goesOn = {
      ...report,
      outstanding: 3,
      missing: 0,
      users: report.users.map((user) => ({
        ...user,
        outstanding: 3,
        missing: 0,
        lastCompletionPosition: null,
      })),
    };
    const part = { ...report, outstanding: null, missing: null, window: { since: 1, until: null } };
    const nobodySaid = { ...report, outstanding: null, missing: null, window: null };
    const said = (text: string, about: typeof report) =>
      describeThreshold(evaluateThreshold(parseThreshold(text), about));
    expect(said('missing==0', goesOn)).toBe(
      'missing==0: it is not known: what is missing is not known while the run goes on',
    );
    expect(said('user(A).missing==0', goesOn)).toContain(
      'of "A": what is missing is not known while the run',
    );
    expect(said('user(A).last<9', goesOn)).toContain('of "A": no task of it has completed');
    expect(said('missing==0', part)).toContain('what was to run in a part of a run is not known');
    expect(said('outstanding==0', nobodySaid)).toContain('no publisher has said how many tasks it sent');
    expect(evaluateThreshold(parseThreshold('missing==0'), report)).not.toHaveProperty('unknownBecause');
  });

  it.each<[string, string, string | undefined, string]>([
    ['user(B).dwel.p95<2s', 'there is no measure "dwel.p95"', 'dwel.p95<2s', 'dwell.p95'],
    ['latency<2s', 'there is no measure "latency"', 'latency<2s', 'dwell.p95'],
    ['<2s', 'a measure is missing', '<2s', 'jain'],
    ['dwell.p95=2s', 'a comparison is missing', '=2s', '<='],
    ['dwell.p95<2', 'the number wants a unit', undefined, '2s'],
    ['dwell.p95<2parsecs', '"parsecs" is not a unit of it', 'parsecs', '150ms'],
    ['missing==0ms', '"ms" is not a unit of it', 'ms', 'number of tasks'],
    ['jain>', 'a number is missing', undefined, '0.99'],
    ['user(B).lag<2 jain>0.9', 'there is more than one comparison', 'jain>0.9', ''],
    ['user(B.lag<2', 'the bracket after the user is not closed', undefined, 'user(B)'],
    ['user().lag<2', 'which user?', ').lag<2', 'user(*)'],
    ['user(B)lag<2', 'a dot is missing after the user', 'lag<2', 'user(B).dwell'],
    ['', 'a measure is missing', undefined, 'jain'],
  ])('that is wrong is said with its place: %s', (text, message, at, hint) => {
    const found = wrong(text);
    expect(found.message).toContain(message);
    expect(found.at).toBe(at);
    expect(found.hint).toContain(hint);
  });

  it('of any text is read or refused, and nothing else', () => {
    const part = fc.constantFrom(
      'user(',
      ')',
      '.',
      'dwell',
      'p95',
      '<',
      '==',
      '2s',
      '"',
      '\\',
      ' ',
      ':',
      'jain',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            evaluateThreshold(parseThreshold(text), report);
          } catch (error) {
            expect(error).toBeInstanceOf(BadThreshold);
          }
        },
      ),
    );
  });
});

it('what ran at once is not known while tasks of the user run, or are missing', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', started: 0, finished: 10 }));
  measures.add(taskEvent({ id: '2', user: 'B', started: 0, finished: 10 }));
  measures.addRecord(runRecord({ A: 2, B: 1 }));
  const verdict = (text: string) => evaluateThreshold(parseThreshold(text), measures.report('run'));
  expect(verdict('user(B).running<=1').passed).toBe(true);
  expect(verdict('user(A).running<=3')).toMatchObject({
    passed: false,
    value: null,
    unknownBecause: 'it is not known of all its tasks whether they ran, and until when',
  });
  measures.found(new Map([['A', { waiting: 0, running: 1, retrying: 0, missing: 0, unknown: 0 }]]));
  expect(verdict('user(A).running<=3')).toMatchObject({
    passed: false,
    unknownBecause: 'tasks of it still run',
  });
  measures.found(new Map([['A', { waiting: 1, running: 0, retrying: 0, missing: 0, unknown: 0 }]]));
  expect(verdict('user(A).running<=3')).toMatchObject({ passed: true, value: 1 });
});
