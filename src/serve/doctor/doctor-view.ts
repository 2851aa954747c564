import { z } from 'zod';

const LEVELS = ['problem', 'warning', 'unknown', 'ok'] as const;

/** What `GET /v1/doctor` answers. */
export const DOCTOR = z
  .object({
    secondsAgo: z.number().describe('so long ago was it examined: one answer is for all who ask'),
    problems: z.int(),
    warnings: z.int(),
    findings: z
      .array(
        z.object({
          check: z.string().describe('short, and the same each time'),
          level: z
            .enum(LEVELS)
            .describe('unknown: it could not be found out, such as for want of a permission'),
          text: z.string(),
          mend: z.string().optional().describe('what to do about it'),
        }),
      )
      .describe('problems first, then warnings, then what is not known'),
  })
  .meta({ id: 'Doctor' });

export type Doctor = z.input<typeof DOCTOR>;
export type ToldFinding = Doctor['findings'][number];

/** The worst comes first. */
export function byLevel(a: Pick<ToldFinding, 'level'>, b: Pick<ToldFinding, 'level'>): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level);
}
