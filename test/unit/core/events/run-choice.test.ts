import { describe, expect, it } from 'vitest';
import { RunChoice } from '../../../../src/core/events/run-choice.js';

function chosen(texts: string[], runs: string[]): { found: string[]; whole: RunChoice | undefined } {
  const choice = new RunChoice(texts, { what: 'the run', hint: 'Ask for those that there are.' });
  const found = runs.filter((run) => choice.has(run));
  return { found, whole: choice.whole() };
}

const RUNS = ['', 'friday', 'friday-2', 'web-1', 'web-2', 'monday'];

describe('which runs are meant', () => {
  it('are those with an id, though others start with it, and those that match', () => {
    expect(chosen(['friday'], RUNS)).toEqual({ found: ['friday'], whole: undefined });
    expect(chosen(['web-*', 'monday'], RUNS).found).toEqual(['web-1', 'web-2', 'monday']);
    expect(chosen([''], RUNS).found).toEqual(['']);
    expect(RUNS.filter((run) => RunChoice.all().has(run))).toEqual(RUNS);
    expect(RunChoice.all().label).toBe('all runs');
  });

  it('are those that alone start so, where no id is the same', () => {
    const { found, whole } = chosen(['mon', 'web-*'], RUNS);
    expect(found).toEqual(['web-1', 'web-2']);
    expect(RUNS.filter((run) => whole?.has(run))).toEqual(['web-1', 'web-2', 'monday']);
    expect(whole?.label).toBe('monday, web-*');
  });

  it('are none where a text fits none, or several', () => {
    expect(() => chosen(['fri'], RUNS)).toThrow('the run "fri": 2 start so: "friday", "friday-2"');
    expect(() => chosen(['nobody'], RUNS)).toThrow('there is no run "nobody"');
    expect(() => chosen(['nobody*'], RUNS)).toThrow('there is no run "nobody*"');
    expect(() => chosen([''], ['a'])).toThrow('there is no run ""');
    expect(() => chosen(['x'], [])).toThrow(
      expect.objectContaining({ hint: 'Ask for those that there are.' }),
    );
  });
});
