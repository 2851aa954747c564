import type { RunReportTold } from '../../../serve/overview/run-views.js';
import { inPath } from '../../base/ask.js';
import { addressOf } from '../../base/route.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { countText, secondsText } from '../../parts/figures.js';
import { Name, UserLink } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { reportAddress } from './run-addresses.js';
import { RunFigures, secondsOf } from './run-figures.js';

const USERS_SHOWN = 50;

/** What a run has come to, in figures. All of it is drawn on a page of its own. */
export function OneRun({ run }: { readonly run: string }) {
  const { value, answeredAt, refused, again } = useAsked<RunReportTold>(
    `v1/runs/${inPath(run)}?limit=${USERS_SHOWN}`,
  );
  return (
    <>
      <p>
        <a href={addressOf(['runs'])}>Runs</a>
      </p>
      <h1>
        Run <Name of={run} />
      </h1>
      <RefusedBox refused={refused} />
      {value === undefined && refused === undefined && <Loading />}
      <p class="buttons">
        {value !== undefined && <a href={reportAddress(run)}>The whole report, drawn</a>}
        <button type="button" onClick={again}>
          Look again
        </button>
        {value !== undefined && (
          <span class="quiet">
            As it was <Ago at={answeredAt - value.reportedSecondsAgo * 1_000} />.
          </span>
        )}
      </p>
      {value !== undefined && (
        <>
          <RunFigures report={value} />
          <h2>Users</h2>
          <UsersTable report={value} />
        </>
      )}
    </>
  );
}

function UsersTable({ report: { users, usersHidden } }: { readonly report: RunReportTold }) {
  return (
    <>
      <div class="scroll">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">user</th>
              <th scope="col">completed</th>
              <th scope="col">failed</th>
              <th scope="col">waiting</th>
              <th scope="col">wait, p95</th>
              <th scope="col">largest lag</th>
            </tr>
          </thead>
          <tbody>
            {users.map(({ user, tasks, failed, waiting, dwellMs, maxLagTasks }) => (
              <tr key={user}>
                <th scope="row">
                  <UserLink user={user} />
                </th>
                <td>{countText(tasks)}</td>
                <td>{countText(failed)}</td>
                <td>{countText(waiting)}</td>
                <td>{secondsText(secondsOf(dwellMs?.p95))}</td>
                <td>{countText(Math.round(maxLagTasks))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {usersHidden > 0 && <p class="quiet">{countText(usersHidden)} more users are not shown here.</p>}
    </>
  );
}
