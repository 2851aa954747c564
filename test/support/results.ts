import { writeFile } from 'node:fs/promises';
import type { TaskState } from '../../src/core/events/task-state.js';
import { fairq, fairqJson, jsonLines, startFairq } from './fairq.js';
import { useFolder } from './folder.js';
import type { TestVhost } from './vhost.js';

/** What `publish --wait` prints: a result, or with --json also the report. */
export type Line = Omit<TaskState, 'state'> & { kind: string; task: string; state: string };

/** How the tests of a file send tasks and ask what became of them. */
export interface Results {
  /** A worker with these flags runs meanwhile, and is told to stop. */
  withWorker<T>(flags: readonly string[], act: () => Promise<T>): Promise<T>;
  publish(...flags: string[]): Promise<{ code: number | null; lines: Line[]; stderr: string }>;
  stateOf(id: string): Promise<TaskState>;
  /** Sends tasks of user A with ids of their own, so that a test knows them before anything runs. */
  send(...tasks: { id: string; task: string; payload?: unknown }[]): Promise<void>;
}

export function useResults({ env }: TestVhost): Results {
  const folder = useFolder();
  return {
    withWorker: async (flags, act) => {
      const worker = startFairq(['worker', ...flags], env);
      await worker.says(/ready/);
      try {
        return await act();
      } finally {
        worker.signal('SIGTERM');
        await worker.ended;
      }
    },
    publish: async (...flags) => {
      const { code, stdout, stderr } = await fairq(env, 'publish', ...flags);
      return { code, stderr, lines: stdout === '' ? [] : jsonLines<Line>(stdout) };
    },
    stateOf: async (id) => {
      const { stdout } = await fairq(env, '--json', 'task', id);
      return JSON.parse(stdout) as TaskState;
    },
    send: async (...tasks) => {
      const file = folder.file('tasks.ndjson');
      await writeFile(file, tasks.map((task) => JSON.stringify({ user: 'A', ...task })).join('\n'));
      await fairqJson(env, 'publish', '--from', file);
    },
  };
}
