import type { RunMeasures } from '../core/measures/run-measures.js';

/** What was measured of a run, for a page that shows it. */
export interface MeasuredRun {
  /** As it was asked for, or the whole of its id. */
  readonly run: string;
  readonly measures: RunMeasures;
  /** Version of the broker. */
  readonly broker: string | null;
}

/** Makes the page of a run: what draws stands above the server, which is given it. */
export interface RunPages {
  /** Loaded by every page: no script and no style stands in a page itself. */
  readonly script: string;
  readonly style: string;
  html(measured: MeasuredRun): string;
}
