import type { TestProject } from 'vitest/node';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';

declare module 'vitest' {
  interface ProvidedContext {
    brokerUri: string;
    managementUri: string;
    /** The process number of its Erlang machine; undefined where FAIRQ_URI names the broker. */
    brokerPid: number | undefined;
  }
}

/** One real broker for all suites: the one that FAIRQ_URI names, else a throw-away node. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const named = process.env.FAIRQ_URI;
  if (named !== undefined && named !== '') {
    const { hostname } = new URL(named);
    project.provide('brokerUri', named);
    project.provide('managementUri', process.env.FAIRQ_MANAGEMENT_URI ?? `http://${hostname}:15672`);
    project.provide('brokerPid', undefined);
    return async () => {};
  }
  // What a queue counts is listed sooner than every 5 s: there are tests that wait for it. With 500 ms the tests take a
  // fourteenth more of the processor's time.
  const node = await startThrowAwayNode({ extraConfig: ['collect_statistics_interval = 1500'] });
  project.provide('brokerUri', node.uri);
  project.provide('managementUri', node.managementUri);
  project.provide('brokerPid', node.pid);
  return () => node.stop();
}
