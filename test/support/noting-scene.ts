import { afterEach, beforeEach } from 'vitest';
import type { ChangedPolicy } from '../../src/run/policy/change-policy.js';
import { useFolder } from './folder.js';
import { NotingWorkers } from './noting-workers.js';
import { setPolicy } from './policy.js';
import type { TestVhost } from './vhost.js';

type PolicyValues = Parameters<typeof setPolicy>[2];

/** What a test has for itself, in the vhost of its file. */
export interface NotingScene {
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workers: NotingWorkers;
  /** Sets these limits, and no others; resolves when every worker goes by them. */
  setPolicy(users: PolicyValues, tenants?: PolicyValues): Promise<ChangedPolicy>;
}

/**
 * A prefix for each test of a file, with workers there that note what they run.
 *
 * @param word that the prefixes begin with
 */
export function useNotingScene(vhost: TestVhost, word: string): NotingScene {
  const folder = useFolder();
  let tests = 0;
  let prefix: string;
  let env: Readonly<Record<string, string>>;
  let workers: NotingWorkers;
  beforeEach(() => {
    prefix = `${word}${tests++}`;
    env = { ...vhost.env, FAIRQ_PREFIX: prefix };
    workers = new NotingWorkers(env, folder.file(prefix));
  });
  afterEach(() => workers.end());
  return {
    get prefix() {
      return prefix;
    },
    get env() {
      return env;
    },
    get workers() {
      return workers;
    },
    setPolicy: (users, tenants) => setPolicy(vhost, prefix, users, tenants),
  };
}
