import { z } from 'zod';

/** Of each plan: with the token it is carried out. */
export const PLANNED = {
  carriedOut: z.literal(false),
  token: z.string().describe('asked again with it, the plan is carried out'),
  expiresAt: z.iso.datetime(),
};
