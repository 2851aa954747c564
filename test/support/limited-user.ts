import { randomUUID } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { askManagement } from './management-api.js';
import type { TestVhost } from './vhost.js';

/** Regular expressions over names, as the broker has them; and tags for the management API. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly tags?: string;
}

interface LimitedUsers {
  /** What a child needs to be such a user. */
  make(permissions: Permissions): Promise<Record<string, string>>;
  /** Gives one of them other permissions. */
  allow(user: Readonly<Record<string, string>>, permissions: Permissions): Promise<void>;
}

/** Makes users that may not do everything; they are gone when the tests of the file are. */
export function useLimitedUsers(vhost: TestVhost): LimitedUsers {
  const [uri = ''] = vhost.address.managementUris;
  const api = { uri, login: `${vhost.address.username}:${vhost.address.password}` };
  const place = encodeURIComponent(vhost.address.vhost);
  const made: string[] = [];
  afterAll(async () => {
    for (const name of made) await askManagement(api, 'DELETE', `/users/${name}`);
  });
  const allow = async (name: string, { configure, write, read }: Permissions) => {
    await askManagement(api, 'PUT', `/permissions/${place}/${name}`, { configure, write, read });
  };
  return {
    make: async ({ tags = 'management', ...permissions }) => {
      const name = `limited-${randomUUID()}`;
      made.push(name);
      await askManagement(api, 'PUT', `/users/${name}`, { password: 'secret', tags });
      await allow(name, permissions);
      const amqp = new URL(inject('brokerUri'));
      return {
        FAIRQ_URI: `amqp://${name}:secret@${amqp.hostname}:${amqp.port || 5672}/${place}`,
        FAIRQ_MANAGEMENT_URI: inject('managementUri'),
      };
    },
    allow: (user, permissions) => allow(new URL(user.FAIRQ_URI ?? '').username, permissions),
  };
}
