import { expect, it } from 'vitest';
import { SharedAnswers } from '../../../src/serve/overview/shared-answers.js';

const OPTIONS = { keepForMs: 10_000, mostKept: 2, mostWaiting: 3 };

it('answers the same question once, and again for some seconds, and says how old that is', async () => {
  let now = 0;
  let answered = 0;
  const answers = new SharedAnswers<number>({ ...OPTIONS, now: () => now });
  const ask = () => answers.ask('a', async () => ++answered);
  await Promise.all(Array.from({ length: 30 }, ask));
  now = 9_000;
  expect(await ask()).toEqual({ value: 1, secondsAgo: 9 });
  now = 10_000;
  expect(await ask()).toEqual({ value: 2, secondsAgo: 0 });
});

it('works out one answer at a time, and refuses more than may wait', async () => {
  let underWay = 0;
  const answers = new SharedAnswers<string>({ ...OPTIONS, now: () => 0 });
  const ask = (key: string) =>
    answers.ask(key, async () => {
      expect(++underWay).toBe(1);
      await new Promise(setImmediate);
      underWay--;
      return key;
    });
  const found = await Promise.allSettled(['a', 'b', 'c', 'd'].map(ask));
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
});

it('keeps no failure', async () => {
  const answers = new SharedAnswers<string>({ ...OPTIONS, now: () => 0 });
  await expect(answers.ask('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await answers.ask('a', async () => 'yes')).value).toBe('yes');
});
