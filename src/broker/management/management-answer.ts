import { FairqError, refusedError, unreachableError } from '../../core/errors/errors.js';
import { policiesPath, queuesPath } from './paths.js';

export type Method = 'GET' | 'PUT' | 'DELETE';

const VHOST = /^\/api\/vhosts\/[^/]+$/;

/** What came back over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Of the server that gave it, without the path. */
  readonly where: string;
  readonly method: Method;
  /** What was asked, from `/api` on. */
  readonly path: string;
}

/**
 * What the management API has answered; undefined where it had nothing to say.
 *
 * @param username who asked
 * @param vhost that the address names
 * @throws FairqError which says what the answer means to the operator, where it is none of the API or a refusal
 */
export function readAnswer(
  { status, text, where, method, path }: HttpAnswer,
  username: string,
  vhost: string,
): unknown {
  const queues = queuesPath(vhost);
  if (status === 401 || status === 403) {
    throw refusedError(
      'MANAGEMENT_REFUSED',
      `the management API at ${where} refused user "${username}" (HTTP ${status})`,
      {
        hint: 'Check the user and the password, and give the user the "management" tag: rabbitmqctl set_user_tags USER management.',
      },
    );
  }
  // RabbitMQ says in JSON that it has not got something; another server has a page for it.
  if (status === 404 && !text.startsWith('{')) throw notManagement(where);
  const isOfOne = [queues, policiesPath(vhost)].some((all) => path.startsWith(`${all}/`));
  if (status === 404 && (isOfOne || VHOST.test(path))) {
    throw refusedError('NOT_THERE', `the broker has nothing at ${path}`);
  }
  if (status === 404 && path.startsWith(queues)) {
    throw refusedError('NO_VHOST', `${where} has no vhost "${vhost}"`, {
      hint: `Name another with --vhost, or make it: rabbitmqctl add_vhost '${vhost}'.`,
    });
  }
  if (status >= 500) {
    throw unreachableError(
      'MANAGEMENT_FAILED',
      `the management API at ${where} has failed: HTTP ${status}${excerptOf(text)}`,
      {
        hint: 'It may be starting, or what is in front of it cannot reach it; its log says more. Try again.',
      },
    );
  }
  if (status >= 400) {
    throw refusedError(
      'MANAGEMENT_REFUSED',
      `the management API answered ${method} ${path} with HTTP ${status}${excerptOf(text)}`,
    );
  }
  if (status >= 300) throw notManagement(where);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notManagement(where, error);
  }
}

/** @returns undefined where the broker has nothing of that name */
export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FairqError && error.code === 'NOT_THERE') return undefined;
    throw error;
  }
}

export function notManagement(where: string, cause?: unknown): FairqError {
  return unreachableError('NOT_MANAGEMENT', `what answers at ${where} is not RabbitMQ's management API`, {
    hint: 'Name its address with --management-uri, such as http://localhost:15672, with the path before /api where it has one.',
    cause,
  });
}

/** What a server says with an error may be a page. */
function excerptOf(text: string): string {
  const said = text.replace(/\s+/g, ' ').trim();
  return said === '' ? '' : `: ${said.length > 200 ? `${said.slice(0, 200)}…` : said}`;
}
