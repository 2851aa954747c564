import { describe, expect, it } from 'vitest';
import type { MillionCase, MillionOutcome } from '../../../../src/core/reports/million-report.js';
import { renderMillion } from '../../../../src/render/bench/million-text.js';
import { checksOf, figuresOf } from '../../../../src/run/bench/claims.js';
import { A_QUEUE_EACH, MILLION_CLAIMS } from '../../../../src/run/bench/million/million-claims.js';
import { sizesOfAQueueEach } from '../../../../src/run/bench/million/sizes.js';
import { inRounds, millionTrial } from '../../../support/million-trial.js';

const style = { columns: 100, color: false, unicode: true };

function rendered(results: readonly MillionCase[]): string {
  const figures = figuresOf(MILLION_CLAIMS, results);
  const checks = checksOf(figures, results);
  const load = { before: 20.25, after: 3, processors: 2 };
  const outcome: MillionOutcome = { results, figures, checks, passed: true, load };
  return renderMillion('3.10.8', outcome, style);
}

const each = inRounds(
  millionTrial({ variant: A_QUEUE_EACH, sizes: sizesOfAQueueEach(1), crowd: null, idle: null }),
);
const shared = inRounds(millionTrial(), millionTrial(), millionTrial());

describe('what is said of many users', () => {
  const text = rendered([each, shared]);

  it('has a column for each way to have queues, and what is promised', () => {
    const lines = text.split('\n');
    expect(lines[2]).toMatch(/a queue each +shared:64 +promised/);
    expect(text).toMatch(/published: of plain amqplib +0\.8 +0\.8 +at least 0\.7/);
    expect(text).toMatch(/idle: broker's memory for them +- +28\.6 MiB +at most 95\.4 MiB/);
  });

  it('says where a way was played with fewer users, and in fewer rounds', () => {
    const told = text.replaceAll('\n', ' ');
    expect(told).toContain('a queue each: it was played with fewer: 1,000 new users, a burst of 3,000 tasks');
    expect(told).toContain(
      'shared:64: speeds and waits are the median of 3 rounds. The others were played once.',
    );
    expect(told).not.toContain('shared:64: it was played');
  });

  it('says what plain amqplib did, and how busy the machine was', () => {
    expect(text).toContain('Plain amqplib published 10,000/s and consumed 20,000/s, just before and after.');
    expect(text).toContain("The machine's load was 20.3 before and 3.0 after, on 2 processors.");
  });

  it('says why a promise is not judged', () => {
    expect(rendered([inRounds(millionTrial())])).toContain(
      'Not judged: published: of plain amqplib. It takes 3 rounds or more.',
    );
  });
});
