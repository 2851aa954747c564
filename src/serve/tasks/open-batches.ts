import { OpenByUser } from '../http/open-by-user.js';
import { Problem } from '../http/problem.js';

const TITLE = 'Too many batches are under way';
const AGAIN = { retryAfterSeconds: 2 };

/** Counts batches. @param most that may be under way @param mostOfUser of one user */
export function openBatches(most: number, mostOfUser: number): OpenByUser {
  const ofUser = `This user has ${mostOfUser}, and no more are given to one.`;
  return new OpenByUser({
    most,
    mostOfUser,
    tooMany: () => new Problem(503, 'too-many-batches', TITLE, undefined, AGAIN),
    tooManyOfUser: () => new Problem(429, 'too-many-batches', TITLE, ofUser, AGAIN),
  });
}
