import { usageError } from '../../core/errors/errors.js';

/** Where the queues of a vhost are. */
export function queuesPath(vhost: string): string {
  return `/api/queues/${segment(vhost)}`;
}

/** Where RabbitMQ's policies of a vhost are. */
export function policiesPath(vhost: string): string {
  return `/api/policies/${segment(vhost)}`;
}

/** Where those are that count beside them. */
export function operatorPoliciesPath(vhost: string): string {
  return `/api/operator-policies/${segment(vhost)}`;
}

/** A name as a part of a path. "." and ".." mean a folder to HTTP, however they are written: the answer would be about another. */
export function segment(name: string): string {
  if (name !== '.' && name !== '..') return encodeURIComponent(name);
  throw usageError('NO_PATH', `the management API cannot be asked about what is named "${name}"`, {
    hint: 'HTTP takes that for a folder and answers about another vhost or queue: use another name.',
  });
}
