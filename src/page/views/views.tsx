import type { ComponentChildren } from 'preact';
import type { Route } from '../base/route.js';
import { Overview } from './overview/overview.js';

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
