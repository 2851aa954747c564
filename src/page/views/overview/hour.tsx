import { countScale } from '../../../render/html/scales.js';
import { formatCount, formatDuration, formatRate } from '../../../render/parts/numbers.js';
import { safeText } from '../../../render/parts/safe-text.js';
import type { History } from '../../../serve/history/history-view.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { Moment } from '../../parts/age.js';
import { TimeChart } from '../../parts/charts/time-chart.js';
import { waitScale } from '../../parts/charts/wait-scale.js';
import { UserLink } from '../../parts/name.js';
import { RefusedBox } from '../../parts/notice.js';

/** Looks between two questions: a step is ten seconds long. */
const LOOKS_BETWEEN = 5;

const duration = (seconds: number) => formatDuration(seconds * 1_000);

/** The last hour in four charts. */
export function Hour() {
  const { looks } = usePage().live;
  const { value: history, refused } = useAsked<History>('v1/history', Math.floor(looks / LOOKS_BETWEEN));
  return (
    <section aria-labelledby="hour">
      <h2 id="hour">The last hour</h2>
      <RefusedBox refused={refused} />
      <p class="quiet known">
        {history === undefined ? 'Asked; nothing has come yet.' : <Known history={history} />}
      </p>
      <div class="charts">{history !== undefined && <Charts history={history} />}</div>
    </section>
  );
}

function Known({ history: { from, knownSince, readingPast, stepSeconds } }: { readonly history: History }) {
  if (readingPast) return <>What was before this server started is being read from the stream of events.</>;
  if (knownSince > from) {
    return (
      <>
        Known since <Moment at={knownSince} />, in steps of {stepSeconds} s.
      </>
    );
  }
  return <>In steps of {stepSeconds} s.</>;
}

function Charts({ history }: { readonly history: History }) {
  const { from, stepSeconds, ended, sent, backlog, behindSeconds, behindUser, users } = history;
  const steps = { fromMs: Date.parse(from), stepMs: stepSeconds * 1_000, count: history.steps };
  const firstEnded = ended.findIndex((count) => count !== null);
  const knownFrom = firstEnded < 0 ? steps.count : firstEnded;
  const aSecond = (column: readonly (number | null)[]) =>
    column.map((count) => (count === null ? null : count / stepSeconds));
  const shared = { steps, knownFrom };
  const whoWaited = (step: number) => {
    const user = users[behindUser[step] ?? -1];
    return user === undefined ? undefined : { shown: <UserLink user={user} />, text: safeText(user) };
  };
  return (
    <>
      <TimeChart
        {...shared}
        title="Backlog: tasks waiting and at workers"
        series={[{ label: 'tasks', values: backlog }]}
        scaleOf={countScale}
        textOf={formatCount}
      />
      <TimeChart
        {...shared}
        title="Throughput: tasks a second"
        series={[
          { label: 'ended', values: aSecond(ended) },
          { label: 'sent', values: aSecond(sent) },
        ]}
        scaleOf={countScale}
        textOf={formatRate}
      />
      <TimeChart
        {...shared}
        title="Waiting time: from sent to started"
        series={[
          { label: 'median', values: history.waitMedianSeconds },
          { label: '95 of 100 within', values: history.waitP95Seconds },
        ]}
        scaleOf={waitScale}
        textOf={duration}
      />
      <TimeChart
        {...shared}
        title="Behind: the longest wait, above the median"
        series={[{ label: 'longer by', values: behindSeconds }]}
        scaleOf={waitScale}
        textOf={duration}
        more={whoWaited}
      />
    </>
  );
}
