import type { ComponentChildren } from 'preact';
import type { Route } from '../base/route.js';
import { Changes } from './changes/changes.js';
import { DeadLetters } from './dead/dead.js';
import { OneLetter } from './dead/one-letter.js';
import { Overview } from './overview/overview.js';
import { OneRun } from './runs/one-run.js';
import { Runs } from './runs/runs.js';
import { Workers } from './workers/workers.js';

export interface View {
  readonly title: string;
  /** Views of another key begin anew, at the top of the page. */
  readonly key: string;
  readonly shown: ComponentChildren;
}

/** What an address shows. */
export function viewOf({ parts }: Route): View {
  const [place = ''] = parts;
  switch (place) {
    case '':
      return { title: 'Overview', key: 'overview', shown: <Overview /> };
    case 'workers':
      return { title: 'Workers', key: 'workers', shown: <Workers /> };
    case 'dead': {
      const id = parts[1];
      return id === undefined
        ? { title: 'Dead letters', key: 'dead', shown: <DeadLetters /> }
        : { title: 'Dead letter', key: `dead ${id}`, shown: <OneLetter id={id} /> };
    }
    case 'runs': {
      const run = parts[1];
      return run === undefined
        ? { title: 'Runs', key: 'runs', shown: <Runs /> }
        : { title: 'Run', key: `run ${run}`, shown: <OneRun run={run} /> };
    }
    case 'changes':
      return { title: 'Changes', key: 'changes', shown: <Changes /> };
    default:
      return { title: 'Nothing', key: 'nothing', shown: <Nothing /> };
  }
}

function Nothing() {
  return (
    <>
      <h1>Nothing</h1>
      <p>There is nothing at this address.</p>
    </>
  );
}
