import type { Runs as RunsTold } from '../../../serve/overview/run-views.js';
import { addressOf } from '../../base/route.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { countText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { canBeInPath, reportAddress } from './run-addresses.js';

/** The runs that the event stream tells of, the latest first. It is read from its start, so only when somebody asks. */
export function Runs() {
  const { value, answeredAt, refused, again } = useAsked<RunsTold>('v1/runs?limit=200');
  return (
    <>
      <h1>Runs</h1>
      <RefusedBox refused={refused} />
      {value === undefined && refused === undefined && <Loading />}
      <p class="buttons">
        {value !== undefined && (
          <span class="quiet">
            As it was <Ago at={answeredAt - value.reportedSecondsAgo * 1_000} />.
          </span>
        )}
        <button type="button" onClick={again}>
          Look again
        </button>
      </p>
      {value !== undefined && <RunsTable told={value} />}
    </>
  );
}

function RunsTable({ told: { runs, hidden } }: { readonly told: RunsTold }) {
  if (runs.length === 0) return <p>No task has run yet.</p>;
  return (
    <>
      <div class="scroll">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">users</th>
              <th scope="col">published</th>
              <th scope="col">completed</th>
              <th scope="col">first</th>
              <th scope="col">last</th>
              <th scope="col">drawn</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ run, users, published, completed, firstAt, lastAt }) => (
              <tr key={run}>
                <th scope="row">
                  <RunLink run={run} />
                </th>
                <td>{countText(users)}</td>
                <td>{countText(published)}</td>
                <td>{countText(completed)}</td>
                <td>{firstAt === null ? 'unknown' : <Ago at={Date.parse(firstAt)} />}</td>
                <td>{lastAt === null ? 'unknown' : <Ago at={Date.parse(lastAt)} />}</td>
                <td>
                  <a href={reportAddress(run)}>report</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && <p class="quiet">{countText(hidden)} older runs are not shown.</p>}
    </>
  );
}

function RunLink({ run }: { readonly run: string }) {
  if (run === '') return <i>tasks of no run</i>;
  if (!canBeInPath(run)) return <Name of={run} />;
  return (
    <a href={addressOf(['runs', run])}>
      <Name of={run} />
    </a>
  );
}
