import type { z } from 'zod';
import { Problem } from './problem.js';

/** @throws Problem 400 with what is wrong, and where */
export function checked(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 20).map(({ path, message }) => ({
    at: [where, ...path.map(String)].join('.').slice(0, 200),
    message,
  }));
  const detail = errors.map(({ at, message }) => `${at}: ${message}`).join('; ');
  throw new Problem(400, 'bad-request', 'The request is not as it has to be', detail, { more: { errors } });
}
