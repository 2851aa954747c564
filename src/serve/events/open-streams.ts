import { OpenByUser } from '../http/open-by-user.js';
import { Problem } from '../http/problem.js';

/** Of one user: a browser opens some for each page. */
const MOST_OF_USER = 20;
const TITLE = 'Too many event streams are open';
/** There may be room again then. */
const AGAIN = { retryAfterSeconds: 5 };

/** Counts event streams. @param most that may be open */
export function openStreams(most: number): OpenByUser {
  const ofUser = `This user has ${MOST_OF_USER} open, and no more are given to one.`;
  return new OpenByUser({
    most,
    mostOfUser: MOST_OF_USER,
    tooMany: () => new Problem(503, 'too-many-streams', TITLE, `${most} are open.`, AGAIN),
    tooManyOfUser: () => new Problem(429, 'too-many-streams', TITLE, ofUser, AGAIN),
  });
}
